#version 430
// One sample of every pixel of a studio: a path tracer with a thin lens. The solids are written into
// this text as constants (@...@), which a software rasteriser runs several times faster than a table.
// Metres; x to the viewer's right, y up, z away from the camera, which stands at (0, height, 0).

uniform int turn;          // index of this sample
uniform uint seed;
uniform vec2 size;         // pixels
uniform vec4 lens;         // camera height, tangent of half the field of view, aperture radius, focus (m)
uniform vec3 ambient;      // radiance that stands for the bounces not followed
uniform sampler2D solids;  // 7 texels a solid, see studio.py
out vec4 arrived;          // linear radiance, added up over the samples

const int BOUNCES = 4;
const float FAR = 1e9;
const float NEAR = 1e-4;
const float PI = 3.14159265;

// --- numbers -------------------------------------------------------------------------------------

uint scramble(uint v) {  // PCG output permutation, O'Neill 2014, as hashed by Jarzynski & Olano 2020
    v = v * 747796405u + 2891336453u;
    uint w = ((v >> ((v >> 28) + 4u)) ^ v) * 277803737u;
    return (w >> 22) ^ w;
}

// Pair `which` of this sample's numbers in [0, 1): Roberts' R2 sequence, its start and its order
// shuffled per pixel and pair so that the pairs do not march in step.
vec2 pair(int which) {
    uvec2 at = uvec2(gl_FragCoord.xy);
    uint a = scramble(scramble(at.x + scramble(at.y + scramble(seed))) + uint(which));
    uint b = scramble(a);
    uint n = (uint(turn) * (a | 1u) + b) & 1023u;
    n = ((n ^ (n >> 5)) * (b | 1u)) & 1023u;
    uvec2 bits = uvec2(b, scramble(b)) + n * uvec2(3242174889u, 2447445414u);
    return vec2(bits >> 8) / 16777216.0;
}

float hash(vec3 cell) {
    uvec3 c = uvec3(ivec3(cell));
    return float(scramble(c.x + scramble(c.y + scramble(c.z))) >> 8) / 16777216.0;
}

float noise(vec3 p) {
    vec3 cell = floor(p), f = p - cell;
    f = f * f * (3.0 - 2.0 * f);
    vec2 e = vec2(0, 1);
    float low = mix(mix(hash(cell), hash(cell + e.yxx), f.x), mix(hash(cell + e.xyx), hash(cell + e.yyx), f.x), f.y);
    float high = mix(mix(hash(cell + e.xxy), hash(cell + e.yxy), f.x),
                     mix(hash(cell + e.xyy), hash(cell + e.yyy), f.x), f.y);
    return mix(low, high, f.z);
}

// --- solids --------------------------------------------------------------------------------------

struct Ray { vec3 o, d, inv; };
struct Hit { float t; int who; };

void keep(inout Hit hit, float t, bool met, int who) {
    bool nearer = met && t > NEAR && t < hit.t;
    hit.t = nearer ? t : hit.t;
    hit.who = nearer ? who : hit.who;
}

void box(inout Hit hit, Ray r, vec3 centre, vec3 half_, int who) {
    vec3 mid = (centre - r.o) * r.inv, reach = half_ * abs(r.inv);
    vec3 a = mid - reach, b = mid + reach;
    float enter = max(max(a.x, a.y), a.z), leave = min(min(b.x, b.y), b.z);
    keep(hit, enter, enter < leave, who);
}

void turned(inout Hit hit, Ray r, vec3 centre, vec3 half_, vec2 yaw, int who) {  // yaw: cosine, sine
    vec3 o = r.o - centre, d = r.d;
    o.xz = vec2(yaw.x * o.x + yaw.y * o.z, yaw.x * o.z - yaw.y * o.x);
    d.xz = vec2(yaw.x * d.x + yaw.y * d.z, yaw.x * d.z - yaw.y * d.x);
    box(hit, Ray(o, d, 1.0 / (d + vec3(1e-9))), vec3(0), half_, who);
}

void drum(inout Hit hit, vec3 o, vec3 d, float radius, float half_, int who) {  // a cylinder along y
    float a = dot(d.xz, d.xz), b = dot(o.xz, d.xz), c = dot(o.xz, o.xz) - radius * radius;
    float root = b * b - a * c, side = (-b - sqrt(max(root, 0.0))) / a;
    keep(hit, side, root > 0.0 && abs(o.y + side * d.y) < half_, who);
    float cap = (-o.y - half_ * sign(d.y)) / d.y;
    vec2 p = o.xz + cap * d.xz;
    keep(hit, cap, dot(p, p) < radius * radius, who);
}

void ball(inout Hit hit, vec3 o, vec3 d, int who) {  // the unit sphere in the solid's own space
    float a = dot(d, d), b = dot(o, d), root = b * b - a * (dot(o, o) - 1.0);
    keep(hit, (-b - sqrt(max(root, 0.0))) / a, root > 0.0, who);
}

Hit nearest(Ray r, bool camera) {
    Hit hit = Hit(FAR, -1);
    vec3 o = r.o, d = r.d;
@NEAREST@
    return hit;
}

float open_way(Ray r, float reach) {  // 1 where nothing stands nearer than `reach`
    Hit hit = Hit(reach, -1);
    vec3 o = r.o, d = r.d;
@BLOCKING@
    return hit.who < 0 ? 1.0 : 0.0;
}

Ray ray(vec3 o, vec3 d) { return Ray(o, d, 1.0 / (d + vec3(1e-9))); }

// --- surfaces ------------------------------------------------------------------------------------

struct Surface { vec3 colour, glow, face, normal; float rough, coat, metal; };

vec3 wood(vec3 p, vec3 half_, vec3 light, vec3 dark, float who) {
    vec3 q = half_.x >= half_.y && half_.x >= half_.z ? p : half_.y >= half_.z ? p.yxz : p.zyx;
    q += who * vec3(3.7, 1.9, 2.3) + 40.0;
    float rings = noise(q * vec3(1.3, 9.0, 9.0)) + 0.3 * noise(q * vec3(5.0, 30.0, 30.0));
    float streak = 0.5 + 0.5 * sin(rings * 24.0);
    float pores = noise(q * vec3(14.0, 300.0, 300.0));
    return mix(light, dark, clamp(0.15 + 0.5 * streak * streak + 0.3 * (pores - 0.5), 0.0, 1.0))
        * (0.9 + 0.2 * fract(who * 0.618));
}

vec3 paint(int pattern, vec3 p, vec3 half_, vec3 first, vec3 second, float scale, float who) {
    vec3 own = p + who * 0.37 + 20.0;
    float mottle = noise(own * 2.7) + 0.5 * noise(own * 7.0) + 0.25 * noise(own * 31.0);
    vec3 u = p / half_;
    vec3 plaster = first * (0.93 + 0.08 * mottle);
    float label = step(abs(u.x), 0.62) * step(abs(u.y - 0.1), scale);
    float bands = step(abs(abs(u.y) - 0.62), 0.07 * scale);
    float weave = 0.8 + 0.22 * mottle * (0.75 + 0.25 * sin(p.x * 900.0));
    float speckle = smoothstep(0.66, 0.72, noise(own * 90.0));
    return pattern == 1 ? wood(p, half_, first, second, who)
        : pattern == 2 ? plaster
        : pattern == 3 ? mix(first, second, label)
        : pattern == 4 ? mix(first, second, bands)
        : pattern == 5 ? first * weave
        : pattern == 6 ? mix(first, second, speckle)
        : pattern == 7 ? mix(first, second, smoothstep(-1.0, 1.0, u.y))
        : pattern == 8 ? mix(first * (0.75 + 0.35 * mottle), second, smoothstep(0.22, 0.0, abs(u.x)) * 0.7)
        : first;
}

Surface surface(int who, vec3 at, vec3 from) {
    vec4 t0 = texelFetch(solids, ivec2(0, who), 0), t1 = texelFetch(solids, ivec2(1, who), 0);
    vec4 t2 = texelFetch(solids, ivec2(2, who), 0), t3 = texelFetch(solids, ivec2(3, who), 0);
    vec4 t4 = texelFetch(solids, ivec2(4, who), 0), t5 = texelFetch(solids, ivec2(5, who), 0);
    vec4 t6 = texelFetch(solids, ivec2(6, who), 0);
    int form = int(t0.w);
    mat3 inward = transpose(mat3(t1.xyz, t2.xyz, t3.xyz));
    vec3 half_ = vec3(t1.w, t2.w, t3.w), p = inward * (at - t0.xyz);
    vec3 ratio = abs(p) / half_;
    vec3 flat_ = ratio.x > ratio.y && ratio.x > ratio.z ? vec3(sign(p.x), 0, 0)
        : ratio.y > ratio.z ? vec3(0, sign(p.y), 0) : vec3(0, 0, sign(p.z));
    vec3 bend = p - clamp(p, t5.z - half_, half_ - t5.z);  // as if the edges were rounded
    vec3 round_ = t5.z > 0.0 ? normalize(bend) : flat_;
    vec3 barrel = ratio.y > 0.9995 ? vec3(0, sign(p.y), 0) : normalize(vec3(p.x, 0, p.z));
    vec3 face = form == 0 ? flat_ : form == 1 ? barrel : p;
    vec3 bent = form == 0 ? round_ : face;
    vec3 local = form == 2 ? p * half_ : p;
    vec3 colour = paint(int(t4.w), local, half_, t4.rgb, t6.rgb, t6.w, float(who));
    vec3 normal = normalize(bent * inward);
    float rim = 0.55 + 0.45 * max(dot(normal, -from), 0.0);
    return Surface(colour, t4.rgb * t5.w * rim, normalize(face * inward), normal, t5.x,
                   min(t5.y, 1.0), step(1.5, t5.y));
}

// --- light ---------------------------------------------------------------------------------------

struct Choice { vec3 light, towards; float reach, total, kept; };

// One lamp's sample, kept with the chance of its share (reservoir sampling, Talbot et al. 2005).
void weigh(inout Choice c, inout float u, vec3 light, vec3 towards, float reach) {
    float share = dot(light, vec3(0.3, 0.6, 0.1));
    c.total += share;
    float chance = share / max(c.total, 1e-12);
    bool taken = u < chance;
    u = taken ? u / max(chance, 1e-9) : (u - chance) / max(1.0 - chance, 1e-9);
    c.light = taken ? light : c.light;
    c.towards = taken ? towards : c.towards;
    c.reach = taken ? reach : c.reach;
    c.kept = taken ? share : c.kept;
}

// A one-sided rectangle: radiance, centre, half edges, the way it faces.
void panel(inout Choice c, inout float u, vec2 uv, vec3 at, vec3 n, vec3 radiance, mat4x3 frame) {
    vec3 way = frame[0] + (2.0 * uv.x - 1.0) * frame[1] + (2.0 * uv.y - 1.0) * frame[2] - at;
    float far2 = dot(way, way), reach = sqrt(far2);
    vec3 towards = way / reach;
    float area = 4.0 * length(cross(frame[1], frame[2]));
    float geometry = max(dot(n, towards), 0.0) * max(-dot(frame[3], towards), 0.0) / far2 * area;
    weigh(c, u, radiance * geometry, towards, reach);
}

// A glowing ball, as a point somewhere inside it: intensity per steradian.
void globe(inout Choice c, inout float u, vec2 uv, vec3 at, vec3 n, vec3 intensity, vec4 where) {
    float angle = 2.0 * PI * uv.x, y = 2.0 * uv.y - 1.0;
    vec3 spot = where.xyz + where.w * vec3(sqrt(1.0 - y * y) * vec2(cos(angle), sin(angle)), y);
    vec3 way = spot - at;
    float far2 = dot(way, way) + 1e-3;
    vec3 towards = normalize(way);
    weigh(c, u, intensity * max(dot(n, towards), 0.0) / far2, towards, sqrt(far2));
}

vec3 direct(vec3 at, Surface s, vec2 uv, float u) {
    Choice c = Choice(vec3(0), vec3(0, 1, 0), 1.0, 0.0, 1.0);
    vec3 n = s.normal;
@LAMPS@
    float above = step(0.0, dot(c.towards, s.face));
    return c.light * (c.total / max(c.kept, 1e-12)) * above * open_way(ray(at, c.towards), c.reach - 2e-3);
}

// --- paths ---------------------------------------------------------------------------------------

vec3 disc(vec2 u) { return vec3(sqrt(u.x) * vec2(cos(2.0 * PI * u.y), sin(2.0 * PI * u.y)), sqrt(1.0 - u.x)); }

vec3 around(vec3 n, vec2 u) {  // cosine-weighted; the frame is Duff et al. 2017
    float s = n.z >= 0.0 ? 1.0 : -1.0, a = -1.0 / (s + n.z), b = n.x * n.y * a;
    vec3 d = disc(u);
    return d.x * vec3(1.0 + s * n.x * n.x * a, s * b, -s * n.x) + d.y * vec3(b, s + n.y * n.y * a, -n.y) + d.z * n;
}

vec3 trace(Ray r) {
    vec3 sum = vec3(0), weight = vec3(1);
    bool mirrored = true;  // whether lamps are counted where the path meets them
    for (int bounce = 0; bounce < BOUNCES; bounce++) {
        Hit hit = nearest(r, bounce == 0);
        if (hit.who < 0) break;
        vec3 at = r.o + hit.t * r.d;
        Surface s = surface(hit.who, at, r.d);
        if (mirrored) sum += weight * min(s.glow, vec3(bounce == 0 ? 40.0 : 12.0));
        if (s.glow.r > 0.0) break;
        at += s.face * 3.0 * NEAR;
        vec2 lobe = pair(3 * bounce + 4), way = pair(3 * bounce + 3);
        float fresnel = 0.04 + 0.96 * pow(1.0 - clamp(-dot(r.d, s.normal), 0.0, 1.0), 5.0);
        float gloss = s.metal > 0.5 ? 1.0 : fresnel * s.coat;
        float chance = s.metal > 0.5 ? 1.0 : s.coat > 0.0 ? max(gloss, bounce == 0 ? 0.25 : 0.05) : 0.0;
        bool glossy = lobe.x < chance;
        vec3 lit = s.colour / PI * direct(at, s, pair(3 * bounce + 2), lobe.y);
        lit += bounce == BOUNCES - 1 ? s.colour * ambient : vec3(0);
        vec3 d = glossy
            ? normalize(reflect(r.d, s.normal) + s.rough * (around(s.normal, way) - 0.6 * s.normal))
            : around(s.normal, way);
        d -= 2.0 * min(dot(d, s.face), 0.0) * s.face;
        vec3 kept = s.metal > 0.5 ? s.colour : vec3(gloss / max(chance, 1e-6));
        sum += glossy ? vec3(0) : weight * (1.0 - gloss) / (1.0 - chance + 1e-6) * min(lit, vec3(bounce == 0 ? 40.0 : 6.0));
        weight *= glossy ? kept : s.colour * (1.0 - gloss) / (1.0 - chance + 1e-6);
        mirrored = glossy;
        r = ray(at, d);
    }
    return sum;
}

void main() {
    vec2 at = (gl_FragCoord.xy + pair(0) - 0.5 * size) / (0.5 * size.y) * lens.y;
    vec2 u = pair(1);
    vec3 o = vec3(lens.z * disc(u).xy, 0) + vec3(0, lens.x, 0);
    vec3 aim = vec3(at * lens.w, lens.w) + vec3(0, lens.x, 0);
    arrived = vec4(trace(ray(o, normalize(aim - o))), 1.0);
}
