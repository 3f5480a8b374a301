#version 430
// One part of the presenter: everything is in decimetres, in the room.
uniform mat4 view_projection;
uniform mat4 light_projection;
in vec3 in_position;
in vec3 in_normal;
in vec3 in_soft;     // normal of the surface smoothed over about a centimetre: what red light sees
in vec3 in_rest;     // place on the body at rest, so that grain stays on the skin
in vec2 in_uv;
in vec4 in_marks;    // open sky (0..1), lips, inside of the mouth, under the hair
centroid out vec3 place;
centroid out vec3 normal;
centroid out vec3 soft;
centroid out vec3 rest;
centroid out vec2 uv;
centroid out vec4 marks;
centroid out vec4 lit;
void main() {
    place = in_position;
    normal = in_normal;
    soft = in_soft;
    rest = in_rest;
    uv = in_uv;
    marks = in_marks;
    lit = light_projection * vec4(in_position, 1.0);
    gl_Position = view_projection * vec4(in_position, 1.0);
}
