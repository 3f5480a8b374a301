#version 430
// All materials of a presenter; MATERIAL is set when the program is built. Light is linear inside,
// the picture that leaves is sRGB.
#define SKIN 0
#define CLOTH 1
#define HAIR 2
#define BROW 3
#define LASH 4
#define EYE 5
#define TEETH 6
#define TONGUE 7

uniform sampler2D picture;
uniform sampler2D shadow;
uniform sampler3D random;
uniform vec3 eye;          // the camera
uniform vec3 key_from;     // towards the key light
uniform vec3 fill_from;
uniform vec3 rim_from;
uniform vec3 key;          // light colours
uniform vec3 fill;
uniform vec3 rim;
uniform vec3 sky;
uniform vec3 ground;
uniform vec3 tint;
uniform vec3 lip_colour;
uniform vec3 hair_colour;
uniform vec4 mouth;        // centre of the lips in the room, and how far they are open (dm)
uniform vec3 cheek;         // middle of the left cheek at rest
uniform vec3 face_front;   // where the face looks
uniform float cut;         // alpha: below it nothing is drawn in this pass
uniform float keep;        // alpha above it was drawn before; 2 keeps all
uniform float exposure;

centroid in vec3 place;
centroid in vec3 normal;
centroid in vec3 soft;
centroid in vec3 rest;
centroid in vec2 uv;
centroid in vec4 marks;
centroid in vec4 lit;
out vec4 colour;

// four value noises, -1..1, from a small volume of random numbers that repeats every 64 units
vec4 noises(vec3 p) {
    vec3 f = fract(p);
    p += f * f * (3.0 - 2.0 * f) - f;
    return texture(random, (p + 0.5) / 64.0) * 2.0 - 1.0;
}

float noise(vec3 p) { return noises(p).x; }

vec3 linear(vec3 c) { return pow(c, vec3(2.2)); }

// a film curve (Hable 2010 family): keeps skin's highlights from burning out
vec3 film(vec3 x) {
    x *= exposure;
    return (x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14);
}

vec3 shown(vec3 light) { return pow(clamp(film(light), 0.0, 1.0), vec3(1.0 / 2.2)); }

// share of the key light that arrives, 0..1
float arrives(float bias) {
    vec3 p = lit.xyz / lit.w * 0.5 + 0.5;
    vec2 m = texture(shadow, p.xy).xy;
    float d = p.z - bias;
    if (d <= m.x) return 1.0;
    float spread = max(m.y - m.x * m.x, 2e-6);
    float share = spread / (spread + (d - m.x) * (d - m.x));
    return smoothstep(0.25, 1.0, share);   // cuts the light that leaks where shadows overlap
}

float ggx(vec3 n, vec3 h, float rough) {
    float a = rough * rough;
    float c = max(dot(n, h), 0.0);
    float d = c * c * (a * a - 1.0) + 1.0;
    return a * a / (3.14159 * d * d);
}

// specular of one light: GGX, Schlick's Fresnel, Kelemen's visibility
float gloss(vec3 n, vec3 v, vec3 l, float rough, float f0) {
    vec3 h = normalize(v + l);
    float vh = max(dot(v, h), 0.05);
    float fresnel = f0 + (1.0 - f0) * pow(1.0 - vh, 5.0);
    return ggx(n, h, rough) * fresnel * max(dot(n, l), 0.0) / (4.0 * vh * vh);
}

vec3 around(vec3 n) { return mix(ground, sky, n.y * 0.5 + 0.5); }

// how much light reaches a point inside the mouth
float inside_light() {
    vec3 away = place - mouth.xyz;
    float behind = max(-dot(away, face_front), 0.0);
    float open = mouth.w;
    return clamp(open / (open + 1.6 * behind + 0.02), 0.0, 1.0);
}

#if MATERIAL == SKIN
void main() {
    vec3 n = normalize(gl_FrontFacing ? normal : -normal);
    vec3 broad = normalize(gl_FrontFacing ? soft : -soft);
    vec3 v = normalize(eye - place);
    float sight = marks.x, lips = marks.y, inner = marks.z, covered = marks.w;
    vec3 base = linear(texture(picture, uv).rgb) * tint;
    // colour that a small texture has lost: blood, melanin and pores in three sizes
    vec4 coarse = noises(rest * 17.0), fine = noises(rest * 150.0);
    float blood = noise(rest * 6.0) * 0.6 + coarse.x * 0.4;
    float melanin = noises(rest * 31.0).y;
    float pores = fine.w;
    base *= 1.0 + vec3(0.035, -0.03, -0.03) * blood + 0.025 * melanin + 0.02 * pores;
    float lined = lips > 0.0 ? noise(vec3(rest.x * 75.0, rest.y * 9.0, rest.z * 20.0)) : 0.0;
    base = mix(base, lip_colour * (0.92 + 0.08 * lined + 0.05 * blood), lips * 0.75 * (1.0 - inner));
    // blood shows on the cheeks, the nose and the ears
    float flush = exp(-dot(rest - cheek, rest - cheek) / 0.09) + exp(-dot(rest - cheek * vec3(-1, 1, 1), rest - cheek * vec3(-1, 1, 1)) / 0.09);
    base *= mix(vec3(1.0), vec3(1.06, 0.84, 0.84), flush * 0.6);
    // the first hairs stand apart
    float hairs = covered == 0.0 ? 0.0 : noise(vec3(atan(rest.x, rest.y - cheek.y - 0.7) * 100.0, length(rest.xy) * 2.0, rest.z * 2.0));
    covered = clamp(covered * (1.0 + 0.35 * hairs), 0.0, 1.0);
    base = mix(base, hair_colour * 1.5, covered * 0.85);
    // small relief moves the highlights, hardly the shade
    vec3 bumped = normalize(n + fine.xyz * mix(0.07, 0.12, lips));
    float arrive = arrives(0.004);
    vec3 scattered = pow(vec3(arrive), vec3(0.55, 0.9, 1.0));
    vec3 light = vec3(0.0);
    // red light wanders under the skin: it sees the broad normal and wraps round the terminator
    vec3 cosine = vec3(dot(mix(n, broad, 0.85), key_from), dot(mix(n, broad, 0.45), key_from), dot(mix(n, broad, 0.3), key_from));
    vec3 wrap = vec3(0.32, 0.14, 0.10);
    vec3 shade = clamp((cosine + wrap) / (1.0 + wrap), 0.0, 1.0);
    light += key * shade * shade * (2.0 - shade) * scattered * mix(0.75, 1.0, sight);
    vec3 counter = clamp((vec3(dot(broad, fill_from)) + 0.35) / 1.35, 0.0, 1.0);
    light += fill * counter * mix(0.35, 1.0, sight);
    light += rim * clamp((dot(n, rim_from) + 0.15) / 1.15, 0.0, 1.0) * sight * sight;
    vec3 hollow = pow(vec3(sight), vec3(0.88, 1.0, 1.06));   // light between skin and skin turns red
    light += around(broad) * hollow;
    float rough = mix(0.46, 0.30, lips);
    float shine = gloss(bumped, v, key_from, rough, 0.028) * arrive * 0.75 + gloss(bumped, v, key_from, rough * 0.62, 0.028) * arrive * 0.30;
    vec3 gleam = key * shine + fill * gloss(bumped, v, fill_from, rough + 0.1, 0.028) * 0.7 + rim * gloss(n, v, rim_from, 0.5, 0.028) * sight;
    float edge = pow(1.0 - max(dot(n, v), 0.0), 5.0);
    gleam += around(reflect(-v, n)) * (0.022 + 0.16 * edge) * sight * sight;
    vec3 out_light = base * light + gleam * mix(0.85, 1.25, lips) * (1.0 - inner) * (1.0 - covered);
    if (inner > 0.0) {
        float reach = inside_light();
        vec3 cave = base * vec3(0.55, 0.22, 0.2) * (key + fill) * 0.35 * reach * reach;
        out_light = mix(out_light, cave, clamp(inner * 1.5, 0.0, 1.0));
    }
    colour = vec4(shown(out_light), 1.0);
}
#elif MATERIAL == CLOTH
uniform sampler2D relief;
uniform vec4 buttons;  // x, height of the first, distance downwards, how many

// the normal that a normal map asks for, without tangents in the mesh (Schueler 2006)
vec3 mapped(vec3 n) {
    vec3 px = dFdx(place), py = dFdy(place);
    vec2 ux = dFdx(uv), uy = dFdy(uv);
    vec3 t = cross(py, n) * ux.x + cross(n, px) * uy.x;
    vec3 b = cross(py, n) * ux.y + cross(n, px) * uy.y;
    float size = inversesqrt(max(max(dot(t, t), dot(b, b)), 1e-20));
    vec3 m = texture(relief, uv).xyz * 2.0 - 1.0;
    m.xy *= 1.4;
    return normalize(mat3(t * size, b * size, n) * m);
}

void main() {
    vec3 n = normalize(gl_FrontFacing ? normal : -normal);
    vec3 v = normalize(eye - place);
    float sight = marks.x;
    vec4 texel = texture(picture, uv);
    vec3 base = linear(texel.rgb) * tint;
    base *= 1.0 + 0.04 * noise(rest * vec3(12.0, 5.0, 12.0));
    n = mapped(n);
    // soft folds, slanting as cloth hangs
    vec3 hang = vec3(rest.x * 2.6 + rest.y * 1.1, rest.y * 0.9, rest.z * 2.6);
    vec3 bend = noises(hang).xyz + 0.4 * noises(hang * 2.7).yzw;
    n = normalize(n + bend * 0.16);
    if (buttons.w > 0.0 && rest.z > 0.0) {
        // mother-of-pearl, sewn on: a rim, a hollow, four holes
        float row = clamp(floor((buttons.y - rest.y) / buttons.z + 0.5), 0.0, buttons.w - 1.0);
        vec2 away = vec2(rest.x - buttons.x, rest.y - buttons.y + row * buttons.z) / 0.052;
        float far = length(away);
        float disc = smoothstep(1.0, 0.88, far);
        base *= mix(1.0, 0.45, smoothstep(1.5, 1.0, far) * step(away.y, 0.2));
        float holes = smoothstep(0.15, 0.09, length(abs(away) - 0.2));
        base = mix(base, vec3(0.62, 0.58, 0.53) * (1.0 - 0.75 * holes) * (0.86 + 0.14 * smoothstep(0.55, 0.8, far)), disc);
        n = normalize(mix(n, normalize(n + vec3(away * 0.5, 0.0) * smoothstep(0.6, 1.0, far)), disc));
    }
    float arrive = arrives(0.004);
    float shade = clamp((dot(n, key_from) + 0.12) / 1.12, 0.0, 1.0);
    vec3 light = key * shade * arrive * mix(0.6, 1.0, sight);
    light += fill * clamp((dot(n, fill_from) + 0.25) / 1.25, 0.0, 1.0) * mix(0.3, 1.0, sight);
    light += rim * clamp(dot(n, rim_from), 0.0, 1.0) * sight;
    light += around(n) * sight;
    float fuzz = pow(1.0 - max(dot(n, v), 0.0), 3.0);
    vec3 sheen = (around(n) + 0.4 * fill) * fuzz * 0.10 * sight;
    vec3 gleam = key * gloss(n, v, key_from, 0.62, 0.03) * arrive * 0.5;
    colour = vec4(shown(base * light + sheen + gleam), 1.0);
}
#elif MATERIAL == HAIR || MATERIAL == BROW || MATERIAL == LASH
// one lobe along the strand (Kajiya and Kay 1989)
float lobe(vec3 t, vec3 v, vec3 l, float power) {
    float th = dot(t, normalize(l + v));
    return pow(sqrt(max(1.0 - th * th, 0.0)), power) * smoothstep(-0.4, 0.2, dot(normalize(normal), l));
}
void main() {
    vec4 texel = texture(picture, uv);
    if (texel.a < cut || texel.a >= keep) discard;
    vec3 v = normalize(eye - place);
    vec3 n = normalize(gl_FrontFacing ? normal : -normal);
    float sight = marks.x;
#if MATERIAL == HAIR
    vec3 t = normalize(soft + vec3(1e-6));   // for hair, `soft` runs along the strands
    float strand = noise(vec3(uv.x * 420.0, uv.y * 6.0, 1.5)) * 0.6 + noise(vec3(uv.x * 900.0, uv.y * 9.0, 5.5)) * 0.4;
    t = normalize(t + n * strand * 0.12);
    float tone = dot(linear(texel.rgb), vec3(0.3, 0.5, 0.2));
    vec3 base = tint * (0.35 + 2.2 * tone) * (1.0 + 0.30 * strand);
    float arrive = arrives(0.008);
    float round_ = clamp((dot(n, key_from) + 0.35) / 1.35, 0.0, 1.0);
    vec3 light = key * round_ * arrive + fill * clamp((dot(n, fill_from) + 0.4) / 1.4, 0.0, 1.0) + around(n) * 1.1;
    light *= sight;
    vec3 gleam = key * arrive * (0.10 * lobe(t, v, key_from, 90.0) + 0.16 * lobe(t, v, key_from, 22.0) * base * 3.0);
    gleam += fill * 0.05 * lobe(t, v, fill_from, 40.0) + rim * (0.22 * lobe(t, v, rim_from, 14.0)) * (0.3 + base * 4.0);
    colour = vec4(shown(base * light + gleam * sight * sight), texel.a);
#elif MATERIAL == BROW
    vec3 light = key * clamp(dot(n, key_from), 0.0, 1.0) * arrives(0.01) + fill * 0.5 + around(n);
    colour = vec4(shown(tint * 0.6 * light), pow(texel.a, 0.8) * 0.9);
#else
    colour = vec4(shown(vec3(0.010, 0.007, 0.006)), smoothstep(0.15, 0.9, texel.a) * 0.9 * tint.x);
#endif
}
#elif MATERIAL == EYE
// a softbox seen in the wet cornea
float softbox(vec3 r, vec3 from, float wide, float high) {
    vec3 x = normalize(cross(vec3(0.0, 1.0, 0.0), from)), y = cross(from, x);
    vec2 p = vec2(dot(r, x), dot(r, y)) / max(dot(r, from), 0.05);
    vec2 e = smoothstep(vec2(wide, high) * 1.25, vec2(wide, high) * 0.8, abs(p));
    return dot(r, from) > 0.0 ? e.x * e.y : 0.0;
}
void main() {
    vec3 n = normalize(normal);
    vec3 v = normalize(eye - place);
    vec4 texel = texture(picture, uv);
    if (texel.a < 0.5) discard;
    vec3 base = linear(texel.rgb) * vec3(0.80, 0.78, 0.78);
    float red = smoothstep(0.02, 0.12, base.r - base.g) * (1.0 - smoothstep(0.25, 0.5, base.g));
    base = mix(base * vec3(0.82, 0.80, 0.80), vec3(dot(base, vec3(0.5, 0.4, 0.1))) * vec3(1.25, 0.72, 0.42) * 1.2, red);
    float sight = marks.x;
    vec3 light = key * clamp((dot(n, key_from) + 0.5) / 1.5, 0.0, 1.0) * mix(0.45, 1.0, arrives(0.012));
    light += fill * clamp((dot(n, fill_from) + 0.5) / 1.5, 0.0, 1.0) + around(n) * 0.9;
    light *= mix(0.25, 1.0, smoothstep(0.0, 0.55, sight));
    vec3 r = reflect(-v, n);
    float fresnel = 0.03 + 0.5 * pow(1.0 - max(dot(n, v), 0.0), 5.0);
    vec3 mirror = key * 5.0 * softbox(r, key_from, 0.32, 0.42) + fill * 2.5 * softbox(r, fill_from, 0.3, 0.5) + around(r) * 0.5;
    colour = vec4(shown(base * light + mirror * fresnel), 1.0);
}
#elif MATERIAL == TEETH || MATERIAL == TONGUE
void main() {
    vec3 n = normalize(gl_FrontFacing ? normal : -normal);
    vec3 v = normalize(eye - place);
    vec4 texel = texture(picture, uv);
    vec3 base = linear(texel.rgb);
    vec3 away = place - mouth.xyz;
    float behind = max(-dot(away, face_front) - 0.04, 0.0);
    float reach = clamp((mouth.w + 0.03) / (mouth.w + 0.03 + 0.9 * behind), 0.0, 1.0);
    vec3 light = key * clamp((dot(n, key_from) + 0.4) / 1.4, 0.0, 1.0) * 0.75 + fill * 0.6 + around(n) * 0.6;
    light *= reach;
#if MATERIAL == TONGUE
    reach *= clamp(1.15 - 1.3 * behind, 0.15, 1.0);
    light *= clamp(1.15 - 1.3 * behind, 0.15, 1.0);
#endif
    float gum = smoothstep(0.06, 0.2, base.r - base.g);
#if MATERIAL == TEETH
    base = mix(vec3(0.82, 0.78, 0.70) * (0.60 + 0.6 * dot(base, vec3(0.33))), base * vec3(0.7, 0.5, 0.5), gum);
    float shine = gloss(n, v, key_from, 0.28, 0.045) + 0.6 * gloss(n, v, fill_from, 0.3, 0.045);
#else
    base = vec3(0.42, 0.15, 0.14) * (0.9 + 0.2 * noise(rest * 60.0));
    float shine = 0.8 * gloss(n, v, key_from, 0.38, 0.03);
#endif
    colour = vec4(shown(base * light + key * shine * 0.5 * reach * reach), 1.0);
}
#endif
