/* SPDX-License-Identifier: MIT
 *
 * What the tests see of limiters: the same with a clock of their own.
 */
#ifndef WEFT_RUNTIME_LIMITER_H
#define WEFT_RUNTIME_LIMITER_H

#include "runtime/include/weft.h"

/*
 * Takes n tokens at `now`, for a time not later than `latest`. Returns when they may be used (`now`
 * or later), -ETIMEDOUT and takes nothing, or -EINVAL or -EOVERFLOW as weft_limiter_reserve.
 */
int64_t weft__limiter_take(struct weft_limiter *limiter, int64_t n, int64_t now, int64_t latest);

#endif
