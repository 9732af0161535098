/* SPDX-License-Identifier: MIT
 *
 * What a coroutine that was started by a group does at its end.
 */
#ifndef WEFT_RUNTIME_GROUP_H
#define WEFT_RUNTIME_GROUP_H

#include "runtime/co.h"

/* The function has returned `code`, and the coroutine has left its scope. The group may be gone
 * then.
 */
void weft__group_end(struct weft_group *group, int code);

#endif
