/* SPDX-License-Identifier: MIT
 *
 * A run, from weft_run to the return of `app`.
 */
#ifndef WEFT_RUNTIME_RUN_H
#define WEFT_RUNTIME_RUN_H

/* Coroutine 1 has returned: everything stops. */
void weft__run_end(int result);

#endif
