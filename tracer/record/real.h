/* SPDX-License-Identifier: MIT
 *
 * Floating-point numbers as the shortest decimal that reads back the same, whatever the locale.
 */
#ifndef WEFT_TRACER_RECORD_REAL_H
#define WEFT_TRACER_RECORD_REAL_H

#define WEFT__REAL_MAX 64 /* bytes that one can take */

/* v is finite. Always with a `.` or an `e`: `1.0`, `1e+22`. */
char *weft__put_float(char *p, float v);
char *weft__put_double(char *p, double v);
char *weft__put_long_double(char *p, long double v);

#endif
