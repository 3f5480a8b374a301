#version 430
uniform mat4 light_projection;
in vec3 in_position;
in vec2 in_uv;
out vec2 uv;
out float depth;
void main() {
    uv = in_uv;
    gl_Position = light_projection * vec4(in_position, 1.0);
    depth = gl_Position.z * 0.5 + 0.5;
}
