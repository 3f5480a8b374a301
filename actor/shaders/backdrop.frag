#version 430
uniform sampler2D picture;
in vec2 uv;
out vec4 colour;
void main() { colour = vec4(texture(picture, vec2(uv.x, 1.0 - uv.y)).rgb, 1.0); }
