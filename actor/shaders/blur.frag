#version 430
uniform sampler2D source;
uniform vec2 reach;   // one step, in texture coordinates
in vec2 uv;
out vec2 moments;
void main() {
    vec2 total = vec2(0.0);
    float weights = 0.0;
    for (int k = -6; k <= 6; ++k) {
        float w = exp(-float(k * k) / 18.0);
        total += w * texture(source, uv + float(k) * reach).xy;
        weights += w;
    }
    moments = total / weights;
}
