/* SPDX-License-Identifier: MIT
 *
 * Chrome trace JSON in the table of formats: its writer, and an importer that collects the events,
 * sorts them and puts them out.
 */
#include "tracer/formats/chrome.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "tracer/formats/chrome_in.h"
#include "tracer/formats/digest.h"
#include "tracer/formats/rows.h"

static void say_odd(const struct chrome_importer *im)
{
	static const char *const texts[CHROME_ODDITY_COUNT] = {
		[CHROME_BAD_EVENT] = "left out, that are no object with a phase",
		[CHROME_BAD_TIME] = "left out, without a time that can be",
		[CHROME_UNKNOWN_PHASE] = "left out, of a phase that weft does not read",
		[CHROME_END_WITHOUT_BEGIN] = "left out: an end without its beginning",
		[CHROME_ARROW_WITHOUT_START] = "left out: the end of an arrow without its start",
		[CHROME_ARROW_WITHOUT_END] = "with an arrow that does not end",
		[CHROME_BAD_ACT] =
			"left out: of no coroutine, or a message without its number or channel",
	};

	for (int i = 0; i < CHROME_ODDITY_COUNT; i++) {
		if (im->odd[i])
			weft_report(im->report, "import", im->odd_line[i], 0, "%llu event%s %s",
				(unsigned long long)im->odd[i], im->odd[i] == 1 ? "" : "s",
				texts[i]);
	}
}

static int put_out(
	struct chrome_importer *im, struct weft_input *input, const struct weft_sink *sink)
{
	struct weft_header header = {
		.clock = "imported",
		.source = "chrome",
		.title = im->title,
	};
	int rc = weft_digest(input, &header);

	if (rc == 0)
		rc = sink->header(sink->arg, &header);
	return rc < 0 ? rc : chrome_emit(im, sink);
}

static int set_up(struct chrome_importer *im)
{
	im->arena = weft_arena_create();
	im->tokener = json_tokener_new_ex(WEFT_NEST_MAX);
	im->event.tokener = im->args.tokener = im->inner.tokener = im->tokener;
	return im->arena && im->tokener ? 0 : -ENOMEM;
}

static void tear_down(struct chrome_importer *im)
{
	for (size_t i = 0; i < im->ntracks; i++)
		free(im->tracks[i].open);
	free(im->tracks);
	free(im->processes);
	free(im->items);
	free(im->tips);
	free(im->hops);
	free(im->frames);
	free(im->channels);
	weft_map_finish(&im->track_of);
	weft_map_finish(&im->channel_of);
	weft_map_finish(&im->process_of);
	weft_map_finish(&im->frame_of);
	chrome_object_finish(&im->event);
	chrome_object_finish(&im->args);
	chrome_object_finish(&im->inner);
	if (im->tokener)
		json_tokener_free(im->tokener);
	weft_arena_free(im->arena);
}

static int read_chrome(struct weft_input *input, const char *option, const struct weft_sink *sink,
	struct weft_trace_error *error)
{
	struct chrome_importer im = {.report = &sink->report};
	int rc;

	if (option)
		return weft_refuse(
			error, -EINVAL, 0, "the chrome format has no option \"%.60s\"", option);
	rc = set_up(&im);
	if (rc < 0)
		weft_refuse(error, rc, 0, "%s", strerror(-rc));
	else
		rc = chrome_read_events(&im, input, error);
	if (rc == 0) {
		chrome_sort(&im);
		rc = chrome_resolve(&im);
		chrome_sort(&im);
		if (rc == 0)
			rc = put_out(&im, input, sink);
		say_odd(&im);
		if (rc == -ERANGE)
			rc = weft_refuse(error, -EPROTO, 0,
				"not a usable trace: its times span more than 104 days");
		else if (rc < 0)
			weft_refuse(error, rc, 0, "%s", strerror(-rc));
	}
	tear_down(&im);
	return rc;
}

const struct weft_format weft_format_chrome = {
	.name = "chrome",
	.suffixes = "chrome.json perfetto.json json",
	.summary = "trace events, for Perfetto and chrome://tracing",
	.probe = chrome_probe,
	.read = read_chrome,
	.write = chrome_write,
};
