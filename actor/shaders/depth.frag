#version 430
// Depth and its square, to be blurred (variance shadow maps, Donnelly and Lauritzen 2006).
uniform sampler2D picture;
uniform float cut;   // alpha below which nothing is drawn; 0 draws all
in vec2 uv;
in float depth;
out vec2 moments;
void main() {
    if (cut > 0.0 && texture(picture, uv).a < cut) discard;
    moments = vec2(depth, depth * depth);
}
