// The state of WebGL that Dear ImGui's renderer saves before it draws and puts back afterwards. Asking WebGL is a round trip
// to the graphics process: 2 ms a frame, four fifths of all that a frame takes. The context is ours alone and is at rest
// between frames, so each value is asked for once. cmake/imgui.cmake sends the renderer's questions here.
#include <GLES3/gl3.h>

namespace {

constexpr int most = 48;
struct Known {
  GLenum name;
  bool enabled; // asked with glIsEnabled
  GLint value[4];
};
Known known[most];
int count = 0;

const GLint *ask(GLenum name, bool enabled) {
  for (int i = 0; i < count; ++i)
    if (known[i].name == name && known[i].enabled == enabled) return known[i].value;
  static Known other;
  Known &k = count < most ? known[count++] : other;
  k = {name, enabled, {}};
  if (enabled)
    k.value[0] = glIsEnabled(name);
  else
    glGetIntegerv(name, k.value);
  return k.value;
}

} // namespace

extern "C" {

void mmscope_glGetIntegerv(GLenum name, GLint *value) {
  const GLint *v = ask(name, false);
  const int n = name == GL_VIEWPORT || name == GL_SCISSOR_BOX ? 4 : 1;
  for (int i = 0; i < n; ++i) value[i] = v[i];
}

GLboolean mmscope_glIsEnabled(GLenum name) { return static_cast<GLboolean>(ask(name, true)[0]); }
}
