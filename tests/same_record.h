/* SPDX-License-Identifier: MIT
 *
 * Whether two decoded records are the same, to the last field. Static, as trace_file.h.
 */
#ifndef WEFT_TESTS_SAME_RECORD_H
#define WEFT_TESTS_SAME_RECORD_H

#include <stdint.h>
#include <string.h>

#include "tracer/trace/record.h"

#define NUMBERS(X)                                                                                \
	X(line)                                                                                   \
	X(index)                                                                                  \
	X(t) X(co) X(on) X(msg) X(new_) X(to) X(from) X(of) X(by) X(at) X(stack) X(loc) X(task)   \
		X(id) X(parent) X(cap) X(size) X(n) X(len) X(dur) X(index_case) X(until) X(since) \
			X(woke) X(when) X(every) X(line_no) X(cpu) X(delta) X(number) X(code)     \
				X(pick) X(w) X(from_w) X(kind) X(why) X(type) X(via) X(state)     \
					X(op) X(mode) X(level) X(ok) X(pre) X(sys) X(merged)      \
						X(guess) X(all) X(has_number) X(has_code)         \
							X(has_value) X(ncases) X(nids)
#define STRINGS(X) X(name) X(fn) X(file) X(elem) X(text) X(unit) X(cat) X(at_text)

/* What differs between the two, or NULL. */
static const char *difference(const struct weft_record *a, const struct weft_record *b)
{
	char one[WEFT_VALUE_TEXT], two[WEFT_VALUE_TEXT];

#define X(field)                  \
	if (a->field != b->field) \
		return #field;
	NUMBERS(X)
#undef X
#define X(field)                                                                     \
	if (!a->field != !b->field || (a->field && strcmp(a->field, b->field) != 0)) \
		return #field;
	STRINGS(X)
#undef X
	if (!a->cases != !b->cases || !a->ids != !b->ids)
		return "a list";
	for (uint32_t i = 0; i < a->ncases; i++) {
		if (a->cases[i].on != b->cases[i].on || a->cases[i].dir != b->cases[i].dir)
			return "cases";
	}
	for (uint32_t i = 0; i < a->nids; i++) {
		if (a->ids[i] != b->ids[i])
			return "ids";
	}
	if (!a->has_value)
		return NULL;
	weft_value_text(a, one);
	weft_value_text(b, two);
	return strcmp(one, two) == 0 ? NULL : "value";
}

#endif
