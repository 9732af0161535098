/* SPDX-License-Identifier: MIT
 *
 * The SQLite writer in a build without SQLite: it says so.
 */
#include <errno.h>

#include "tracer/formats/rows.h"

static int write_sqlite(const struct weft_writing *writing, struct weft_trace_error *error)
{
	return weft_refuse(error, -ENOTSUP, 0,
		"this weft was built without SQLite; build it with -Dsqlite=enabled, which needs "
		"libsqlite3");
}

const struct weft_format weft_format_sqlite = {
	.name = "sqlite",
	.suffixes = "db sqlite sqlite3",
	.summary = "a database to ask questions of (not in this build)",
	.write = write_sqlite,
};
