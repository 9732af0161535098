/* SPDX-License-Identifier: MIT
 *
 * How wide text is, without a font: a table of DejaVu Sans's advances. Good to a percent for that
 * font, and the same on every machine.
 */
#ifndef WEFT_VIEWER_TEXT_H
#define WEFT_VIEWER_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Width of UTF-8 text at a font size, in the size's unit. */
double text_width(const char *text, double size);

/* Copies text into buf, shortened in its middle with an ellipsis until it is at most `width` wide.
   Whole characters only, and the whole of a short last word if there is room for it. Returns the
   width of what is in buf; "" if not even one letter fits. */
double text_fit(char *buf, size_t buf_size, const char *text, double size, double width);

/* The last word behind an ellipsis. "" and 0 if the text has but one, or a long one, or no room. */
double text_tail(char *buf, size_t buf_size, const char *text, double size, double width);

/* "1.5 ms": a duration with three digits or a little more, in the unit that suits it. */
void text_time(char *buf, size_t buf_size, int64_t ns);

/* The same in the unit that suits `like_ns`. */
void text_time_in(char *buf, size_t buf_size, int64_t ns, int64_t like_ns);

/* The same in the unit that suits `like_ns`, with the digits that tell `step_ns` apart. */
void text_time_like(char *buf, size_t buf_size, int64_t ns, int64_t like_ns, int64_t step_ns);

#endif
