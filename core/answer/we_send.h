// Who must act when it is our own server that the answer was given to. Any thread.
#pragma once
#include "core/answer/explain.h"

namespace mailtrace {

// The explanations speak of "the sending mail server" and whoever runs it. For an attempt of ours that is
// us: puts the actors and the next steps right. `again`: the mail is tried again by itself.
void when_we_send(const DeliverRow& attempt, bool again, Explanation& explanation);

}  // namespace mailtrace
