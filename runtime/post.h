/* SPDX-License-Identifier: MIT
 *
 * The inbox: functions that foreign threads want run as coroutines (weft_post).
 */
#ifndef WEFT_RUNTIME_POST_H
#define WEFT_RUNTIME_POST_H

/* Starts a coroutine for each post that has come, in their order. On the scheduler's stack. */
void weft__post_receive(void);

/* At the end of a run: closes the doors that are open and drops what was posted too late. */
void weft__post_finish(void);

#endif
