/* SPDX-License-Identifier: MIT
 *
 * Chrome trace JSON in the table of formats.
 */
#include "tracer/formats/chrome.h"
#include "tracer/formats/rows.h"

const struct weft_format weft_format_chrome = {
	.name = "chrome",
	.suffixes = "chrome.json perfetto.json json",
	.summary = "trace events, for Perfetto and chrome://tracing",
	.write = chrome_write,
};
