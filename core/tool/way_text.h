// A mail's way drawn as a tree of text. Main thread.
#pragma once
#include "core/answer/way.h"
#include "core/tool/terminal.h"

namespace mailtrace {

class TextOut;
void way_text(const Way& way, const Terminal& terminal, TextOut& out);
Colour tone_colour(Tone tone);

}  // namespace mailtrace
