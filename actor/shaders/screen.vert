#version 430
in vec2 in_place;
out vec2 uv;
void main() {
    uv = in_place * 0.5 + 0.5;
    gl_Position = vec4(in_place, 0.0, 1.0);
}
