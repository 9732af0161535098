/* SPDX-License-Identifier: MIT
 *
 * Reading a trace again for a writer: the same records as the model was made of, whatever has
 * become of the file since.
 */
#include "tests/trace_file.h"

#include <errno.h>

#include "tracer/formats/formats.h"

#define HEAD "{\"weft\":1,\"minor\":0,\"order\":\"time\",\"events\":[\n"
#define SPAWN(co) "{\"ev\":\"spawn\",\"t\":1,\"new\":" co "},\n"
#define MAKE "{\"ev\":\"make\",\"t\":1,\"on\":1,\"type\":\"chan\"},\n"
#define SEND(co, msg) \
	"{\"ev\":\"send\",\"t\":2,\"co\":" co ",\"on\":1,\"msg\":" msg ",\"value\":\"v\"},\n"
#define RECV(co, msg) "{\"ev\":\"recv\",\"t\":3,\"co\":" co ",\"on\":1,\"msg\":" msg "},\n"
#define START HEAD SPAWN("1") MAKE SEND("1", "1")
#define MORE                                                                   \
	RECV("2", "1")                                                         \
	SPAWN("3")                                                             \
	SEND("3", "9")                                                         \
	RECV("7", "9") "{\"ev\":\"begin\",\"t\":4,\"co\":7,\"name\":\"r\"},\n" \
		       "{\"ev\":\"unblock\",\"t\":4,\"co\":8,\"to\":7},\n"     \
		       "{\"ev\":\"exit\",\"t\":4,\"co\":9},\n{\"ev\":\"run\"," \
		       "\"t\":4,\"w\":9,\"co\":7},\n"                          \
		       "{\"ev\":\"worker\",\"t\":5,\"w\":5,\"op\":\"park\"},\n"

/* A source of this text, loaded. */
static struct weft_trace *open_text(struct weft_source *source, const char *path)
{
	struct weft_trace_error error;
	struct weft_trace *trace = NULL;

	CHECK_INT(weft_source_open(source, path, NULL, &error), 0);
	CHECK_INT(weft_source_load(source, &trace, &error), 0);
	return trace;
}

static int count(void *arg, const struct weft_record *rec)
{
	(void)rec;
	++*(int *)arg;
	return 0;
}

static int count_again(struct weft_source *source)
{
	struct weft_trace_error error;
	int n = 0;
	struct weft_tap tap = {&n, NULL, count, NULL};

	CHECK_INT(weft_source_read(source, &tap, &error), 0);
	return n;
}

static void write_all(struct weft_source *source, const struct weft_trace *trace, const char *file)
{
	for (size_t i = 0; weft_formats[i]; i++) {
		struct weft_trace_error error;
		struct weft_writing writing = {
			.trace = trace,
			.source = source,
			.out = fopen("/dev/null", "we"),
			.file = file,
			.target = "x",
		};

		CHECK(writing.out);
		if (weft_formats[i]->write)
			weft_formats[i]->write(&writing, &error);
		fclose(writing.out);
		unlink(file);
	}
}

TEST(what_is_appended_after_the_loading_is_left_out)
{
	const char *path = write_file(START, strlen(START));
	char database[80] = "";
	struct weft_source source;
	struct weft_trace *trace = open_text(&source, path);
	int fd = open(path, O_WRONLY | O_APPEND);

	CHECK_INT(count_again(&source), 3);
	CHECK_INT(write(fd, MORE, strlen(MORE)), strlen(MORE));
	CHECK_INT(count_again(&source), 3);
	strcat(strcpy(database, path), ".db");
	write_all(&source, trace, database);
	close(fd);
	weft_trace_free(trace);
	weft_source_close(&source);
	unlink(path);
}

/* Nothing sensible can come of it, but nothing worse than nonsense. */
TEST(a_file_that_was_written_over_after_the_loading_is_survived)
{
	const char *path = write_file(START, strlen(START));
	static const char other[] = HEAD MORE;
	char database[80] = "";
	struct weft_source source;
	struct weft_trace *trace = open_text(&source, path);
	int fd = open(path, O_WRONLY | O_TRUNC);

	CHECK_INT(write(fd, other, strlen(other)), strlen(other));
	source.records = 1000;
	strcat(strcpy(database, path), ".db");
	write_all(&source, trace, database);
	close(fd);
	weft_trace_free(trace);
	weft_source_close(&source);
	unlink(path);
}

static const volatile sig_atomic_t stopped = SIGINT;

TEST(a_reading_that_is_told_to_stop_stops)
{
	const char *path = write_file(START, strlen(START));
	struct weft_source source;
	struct weft_trace_error error;
	struct weft_trace *trace = open_text(&source, path);
	int n = 0;
	struct weft_tap tap = {&n, NULL, count, NULL};

	source.stop = &stopped;
	CHECK_INT(weft_source_read(&source, &tap, &error), -ECANCELED);
	CHECK_INT(n, 0);
	weft_trace_free(trace);
	weft_source_close(&source);
	unlink(path);
}

TEST_MAIN
