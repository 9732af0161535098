/* SPDX-License-Identifier: MIT
 *
 * Short values in place, long ones copied, others by a reference.
 */
#include "tracer/stats/kept.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

int weft_kept_take(struct weft_kept *kept, const struct weft_record *rec)
{
	kept->has_value = rec->has_value;
	kept->value = NULL;
	kept->len = 0;
	if (!rec->has_value)
		return 0;
	if (!rec->plain) {
		kept->value = json_object_get(rec->value);
		return 0;
	}
	if (rec->plain_len <= WEFT_KEPT_SHORT) {
		memcpy(kept->plain.few, rec->plain, rec->plain_len);
	} else {
		kept->plain.many = malloc(rec->plain_len);
		if (!kept->plain.many)
			return -ENOMEM;
		memcpy(kept->plain.many, rec->plain, rec->plain_len);
	}
	kept->len = (uint32_t)rec->plain_len; /* a line has 1 MiB at most */
	return 0;
}

bool weft_kept_text(const struct weft_kept *kept, char *buf)
{
	struct weft_record rec;

	if (!kept->has_value)
		return false;
	weft_record_clear(&rec);
	rec.has_value = true;
	rec.value = kept->value;
	rec.plain_len = kept->len;
	if (kept->len)
		rec.plain = kept->len <= WEFT_KEPT_SHORT ? kept->plain.few : kept->plain.many;
	weft_value_text(&rec, buf);
	return true;
}

void weft_kept_drop(struct weft_kept *kept)
{
	json_object_put(kept->value);
	if (kept->len > WEFT_KEPT_SHORT)
		free(kept->plain.many);
	*kept = (struct weft_kept){0};
}
