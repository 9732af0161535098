/* SPDX-License-Identifier: MIT
 *
 * The recorder's manners: names, locks, files that fail, forks, and ends that are not clean. The
 * lines themselves are looked at by record_lines.py.
 */
#include "tests/test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tracer/record/clock.h"
#include "tracer/record/append.h"
#include "tracer/record/record.h"
#include "tracer/record/recorder.h"
#include "tracer/record/target.h"

static char folder[64];
static char path[128];
static char said[8192];
static int said_fd = -1, stderr_fd = -1;

/* A folder for this test and WEFT_TRACE in it. */
static void use(const char *name)
{
	strcpy(folder, "/tmp/weft-record-XXXXXX");
	CHECK(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	setenv("WEFT_TRACE", path, 1);
	unsetenv("WEFT_TRACE_BUFFER");
}

static void done(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	CHECK_INT(system(command), 0);
}

/* What is written to stderr between listen and heard. */
static void listen_stderr(void)
{
	FILE *file = tmpfile();

	stderr_fd = dup(STDERR_FILENO);
	said_fd = dup(fileno(file));
	fclose(file);
	dup2(said_fd, STDERR_FILENO);
}

static const char *heard(void)
{
	ssize_t n = pread(said_fd, said, sizeof(said) - 1, 0);

	dup2(stderr_fd, STDERR_FILENO);
	close(stderr_fd);
	close(said_fd);
	said[n > 0 ? n : 0] = '\0';
	return said;
}

static char *content(const char *name)
{
	static char text[4 << 20];
	int fd = open(name, O_RDONLY);
	ssize_t n, all = 0;

	CHECK(fd >= 0);
	while ((n = read(fd, text + all, sizeof(text) - 1 - (size_t)all)) > 0)
		all += n;
	close(fd);
	text[all] = '\0';
	return text;
}

static int count(const char *text, const char *part)
{
	int n = 0;

	for (; (text = strstr(text, part)); text++)
		n++;
	return n;
}

static int start(int workers)
{
	static char *argv[] = {"test", NULL};
	struct weft__rec_config config = {.argc = 1, .argv = argv, .workers = workers};

	return weft__rec_start(&config);
}

static void add_yield(struct weft__ring *ring)
{
	struct weft_rec *rec;

	weft__rec_reserve(ring, 1);
	rec = weft__rec_begin(ring, WEFT_EV_YIELD, 1, NULL, NULL);
	rec->co = 1;
	weft__rec_end(ring, rec);
}

static void add_yields(int n)
{
	for (int i = 0; i < n; i++)
		add_yield(weft__rec_ring(0));
}

static void check_complete(const char *name, int yields)
{
	char *text = content(name);

	CHECK_INT(count(text, "\"ev\":\"yield\""), yields);
	CHECK_INT(count(text, "\"ev\":\"eof\""), 1);
	CHECK_STR(text + strlen(text) - 4, "\n]}\n");
}

TEST(nothing_is_recorded_if_nobody_asks)
{
	unsetenv("WEFT_TRACE");
	CHECK_INT(start(1), 0);
	CHECK(!weft__rec_enabled());
	CHECK(!weft__rec_ring(0));
	weft__rec_stop(WEFT_EOF_EXIT);
	weft__rec_abort(WEFT_EOF_CRASH);
	setenv("WEFT_TRACE", "", 1);
	CHECK_INT(start(1), 0);
}

TEST(a_run_leaves_a_private_file)
{
	struct stat st;

	use("a.json");
	umask(0);
	CHECK_INT(start(2), 1);
	CHECK(weft__rec_enabled());
	add_yields(10);
	weft__rec_stop(WEFT_EOF_EXIT);
	CHECK(!weft__rec_enabled());
	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(st.st_mode & 07777, 0600);
	check_complete(path, 10);
	done();
}

TEST(the_pid_goes_where_it_is_wanted)
{
	char want[160];

	use("a-%p.json");
	CHECK_INT(start(1), 1);
	weft__rec_stop(WEFT_EOF_EXIT);
	snprintf(want, sizeof(want), "%s/a-%d.json", folder, getpid());
	check_complete(want, 0);
	done();
}

TEST(the_second_run_gets_a_file_of_its_own)
{
	char second[160], third[160];

	use("a.json");
	snprintf(second, sizeof(second), "%s/a.2.json", folder);
	snprintf(third, sizeof(third), "%s/a.3.json", folder);
	for (int i = 1; i <= 3; i++) {
		CHECK_INT(start(1), 1);
		add_yields(i);
		weft__rec_stop(WEFT_EOF_EXIT);
	}
	check_complete(path, 1);
	check_complete(second, 2);
	check_complete(third, 3);
	done();
}

TEST(names_without_a_suffix_are_numbered_too)
{
	char *name = weft__target_name("trace", 7, 2);

	CHECK_STR(name, "trace.2");
	free(name);
	name = weft__target_name("%p/%p.json", 7, 12);
	CHECK_STR(name, "7/7.12.json");
	free(name);
	name = weft__target_name(".json", 7, 2);
	CHECK_STR(name, ".json.2");
	free(name);
}

TEST(a_file_that_another_program_records_to_is_left_alone)
{
	int fd;

	use("a.json");
	fd = open(path, O_RDWR | O_CREAT, 0600);
	CHECK_INT(write(fd, "mine", 4), 4);
	CHECK_INT(flock(fd, LOCK_EX), 0);
	listen_stderr();
	CHECK_INT(start(1), 0);
	CHECK_IN(heard(), "another program is recording to it\n");
	CHECK_INT(count(said, "\n"), 1);
	CHECK(!weft__rec_enabled());
	CHECK_STR(content(path), "mine");
	close(fd);
	done();
}

TEST(a_file_that_cannot_be_opened_is_one_warning)
{
	use("no/such/folder.json");
	listen_stderr();
	CHECK_INT(start(1), 0);
	CHECK_IN(heard(), "No such file or directory\n");
	CHECK_INT(count(said, "\n"), 1);
	weft__rec_stop(WEFT_EOF_EXIT);
	done();
}

TEST(a_full_disk_ends_the_recording_and_nothing_else)
{
	use("a.json");
	setenv("WEFT_TRACE", "/dev/full", 1);
	setenv("WEFT_TRACE_BUFFER", "64K", 1);
	listen_stderr();
	CHECK_INT(start(1), 1);
	add_yields(100000); /* many times what the ring holds: waits for nobody */
	CHECK(!weft__rec_enabled());
	weft__rec_stop(WEFT_EOF_EXIT);
	CHECK_STR(heard(), "weft: trace /dev/full is incomplete: No space left on device"
			   " (0 records written)\n");
	done();
}

TEST(a_limit_on_the_file_leaves_whole_lines)
{
	struct rlimit limit = {300001, 300001};
	char want[64];
	char *text;

	use("a.json");
	setenv("WEFT_TRACE_BUFFER", "64K", 1);
	CHECK_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
	listen_stderr();
	CHECK_INT(start(1), 1);
	add_yields(50000);
	CHECK(!weft__rec_enabled());
	weft__rec_stop(WEFT_EOF_EXIT);
	CHECK_IN(heard(), "is incomplete: File too large (");
	CHECK_INT(count(said, "\n"), 1);
	text = content(path);
	CHECK(strlen(text) > 290000);
	CHECK_STR(text + strlen(text) - 3, "},\n");
	snprintf(want, sizeof(want), "(%d records written)\n", count(text, "\n") - 1);
	CHECK_IN(said, want);
	done();
}

TEST(a_pipe_that_closes_ends_the_recording_and_nothing_else)
{
	int ends[2];
	char name[32];

	use("a.json");
	CHECK_INT(pipe(ends), 0);
	snprintf(name, sizeof(name), "/dev/fd/%d", ends[1]);
	setenv("WEFT_TRACE", name, 1);
	setenv("WEFT_TRACE_BUFFER", "64K", 1);
	close(ends[0]);
	listen_stderr();
	CHECK_INT(start(1), 1);
	add_yields(100000);
	weft__rec_stop(WEFT_EOF_EXIT);
	CHECK_IN(heard(), "is incomplete: Broken pipe (0 records written)\n");
	close(ends[1]);
	done();
}

static void *read_all(void *arg)
{
	static char text[1 << 20];
	int fd = open(arg, O_RDONLY);
	size_t all = 0;
	ssize_t n;

	while (fd >= 0 && (n = read(fd, text + all, sizeof(text) - 1 - all)) > 0)
		all += (size_t)n;
	close(fd);
	return text;
}

TEST(a_fifo_takes_a_trace_and_no_second_one)
{
	pthread_t reader;
	void *text;

	use("fifo");
	CHECK_INT(mkfifo(path, 0600), 0);
	CHECK_INT(pthread_create(&reader, NULL, read_all, path), 0);
	CHECK_INT(start(1), 1);
	add_yields(1000);
	weft__rec_stop(WEFT_EOF_EXIT);
	pthread_join(reader, &text);
	CHECK_INT(count(text, "\"ev\":\"yield\""), 1000);
	CHECK_STR((char *)text + strlen(text) - 4, "\n]}\n");
	listen_stderr();
	CHECK_INT(start(1), 0);
	CHECK_IN(heard(), "it holds an earlier run\n");
	done();
}

TEST(the_programs_own_output_stays_when_the_trace_goes_there)
{
	int kept, fd;

	use("out");
	fd = open(path, O_RDWR | O_CREAT, 0600);
	kept = dup(STDOUT_FILENO);
	dup2(fd, STDOUT_FILENO);
	setenv("WEFT_TRACE", "/dev/stdout", 1);
	CHECK_INT(write(STDOUT_FILENO, "before\n", 7), 7);
	CHECK_INT(start(1), 1);
	weft__rec_stop(WEFT_EOF_EXIT);
	CHECK_INT(write(STDOUT_FILENO, "after\n", 6), 6);
	dup2(kept, STDOUT_FILENO);
	close(kept);
	close(fd);
	CHECK(!strncmp(content(path), "before\n{\"weft\":1,", 17));
	CHECK_IN(content(path), "]}\nafter\n");
	done();
}

TEST(a_child_of_fork_neither_records_nor_holds_the_file)
{
	int status, go[2];
	pid_t child;
	char byte = 0;
	int fd;

	use("a.json");
	CHECK_INT(pipe(go), 0);
	CHECK_INT(start(1), 1);
	add_yields(100);
	child = fork();
	if (child == 0) {
		weft__rec_forked();
		close(go[1]);
		if (weft__rec_enabled())
			test_child_exit(1);
		weft__rec_stop(WEFT_EOF_EXIT);
		weft__rec_abort(WEFT_EOF_CRASH);
		test_child_exit(read(go[0], &byte, 1) == 0 ? 0 : 2);
	}
	add_yields(100);
	weft__rec_stop(WEFT_EOF_EXIT);
	check_complete(path, 200);
	fd = open(path, O_RDWR); /* the child lives; the lock does not */
	CHECK_INT(flock(fd, LOCK_EX | LOCK_NB), 0);
	close(fd);
	close(go[1]);
	CHECK_INT(waitpid(child, &status, 0), child);
	CHECK_INT(status, 0);
	close(go[0]);
	done();
}

static atomic_bool leave;

static void *keep_recording(void *arg)
{
	struct weft__ring *ring = arg;

	while (!atomic_load(&leave))
		add_yield(ring);
	return NULL;
}

TEST(an_abort_ends_the_file_while_others_record)
{
	pthread_t threads[3];

	use("a.json");
	setenv("WEFT_TRACE_BUFFER", "64K", 1);
	CHECK_INT(start(4), 1);
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, keep_recording, weft__rec_ring(i + 1));
	add_yields(1000);
	weft__rec_abort(WEFT_EOF_DEADLOCK);
	atomic_store(&leave, true);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	CHECK(!weft__rec_enabled());
	CHECK_INT(count(content(path), "\"why\":\"deadlock\"}\n]}\n"), 1);
	CHECK_INT(count(content(path), "\"w\":0,"), 1000);
	weft__rec_stop(WEFT_EOF_EXIT);
	done();
}

TEST(an_abort_does_not_wait_for_a_worker_that_died_in_a_record)
{
	struct weft_rec *rec;
	int64_t before;

	use("a.json");
	CHECK_INT(start(2), 1);
	add_yields(5);
	rec = weft__rec_begin(weft__rec_ring(1), WEFT_EV_YIELD, 1, NULL, NULL);
	CHECK(rec);
	before = weft__rec_clock();
	weft__rec_abort(WEFT_EOF_SIGNAL);
	CHECK(weft__rec_clock() - before < 1500000000);
	check_complete(path, 5);
	done();
}

TEST(who_died_in_a_record_may_still_say_why)
{
	struct weft__ring *ring;
	struct weft_rec *rec;

	use("a.json");
	CHECK_INT(start(1), 1);
	ring = weft__rec_ring(0);
	add_yields(5);
	CHECK(weft__rec_begin(ring, WEFT_EV_SEND, 4, NULL, NULL));
	weft__rec_reserve(ring, 3); /* in the handler of the signal */
	rec = weft__rec_begin(ring, WEFT_EV_LOG, 3, NULL, NULL);
	rec->why = WEFT_LEVEL_ERROR;
	strcpy(weft__rec_payload(rec), "crashed");
	weft__rec_end(ring, rec);
	weft__rec_abort(WEFT_EOF_CRASH);
	check_complete(path, 5);
	CHECK_INT(count(content(path), "\"text\":\"crashed\",\"level\":\"error\"}"), 1);
	done();
}

TEST(a_reader_that_stands_still_holds_nobody_for_ever)
{
	int ends[2];
	char name[32];

	use("a.json");
	CHECK_INT(pipe(ends), 0);
	snprintf(name, sizeof(name), "/dev/fd/%d", ends[1]);
	setenv("WEFT_TRACE", name, 1);
	setenv("WEFT_TRACE_BUFFER", "64K", 1);
	listen_stderr();
	CHECK_INT(start(1), 1);
	add_yields(20000);
	CHECK(!weft__rec_enabled());
	weft__rec_abort(WEFT_EOF_EXIT);
	CHECK_IN(heard(), "is incomplete: writing it takes too long (");
	CHECK_INT(count(said, "\n"), 1);
	_exit(0); /* the collector holds the pipe: not a leak of ours */
}

TEST(stamps_follow_the_object_and_the_floor)
{
	struct weft__ring *ring;
	struct weft_rec *rec;
	int64_t far, other;

	use("a.json");
	CHECK_INT(start(2), 1);
	ring = weft__rec_ring(1);
	far = weft__rec_ticks() + INT64_C(1000000000) * 1000;
	other = far + 5;
	rec = weft__rec_begin(ring, WEFT_EV_YIELD, 1, &far, &other);
	CHECK_INT(rec->t, other);
	CHECK_INT(far, other);
	CHECK_INT(rec->n, 0);
	CHECK_INT(rec->co, 0);
	CHECK_INT(rec->kind, WEFT_EV_YIELD);
	weft__rec_end(ring, rec);
	rec = weft__rec_begin(ring, WEFT_EV_YIELD, 1, NULL, NULL);
	CHECK_INT(rec->t, other); /* never back */
	weft__rec_end(ring, rec);
	weft__rec_stop(WEFT_EOF_EXIT);
	check_complete(path, 2);
	done();
}

TEST(message_numbers_rise_and_tell_the_worker)
{
	uint64_t a = 0, b = 0;

	use("a.json");
	CHECK_INT(start(3), 1); /* so modulo 4 */
	CHECK_INT(weft__rec_msg(weft__rec_ring(0), &a), 4);
	CHECK_INT(weft__rec_msg(weft__rec_ring(1), &a), 5);
	CHECK_INT(weft__rec_msg(weft__rec_ring(1), &a), 9);
	CHECK_INT(weft__rec_msg(weft__rec_ring(2), &b), 2);
	CHECK_INT(weft__rec_msg(weft__rec_ring(2), &a), 10);
	CHECK_INT(weft__rec_msg(weft__rec_ring(0), &b), 8);
	CHECK_INT(weft__rec_msg(weft__rec_ring(1), &b), 13);
	CHECK_INT(a, 10);
	CHECK_INT(b, 13);
	weft__rec_stop(WEFT_EOF_EXIT);
	done();
}

TEST(more_than_a_ring_holds_is_recorded_nevertheless)
{
	struct weft__ring *ring;

	use("a.json");
	setenv("WEFT_TRACE_BUFFER", "1", 1);
	CHECK_INT(start(1), 1);
	ring = weft__rec_ring(0);
	weft__rec_reserve(ring, 10000); /* a close that wakes very many */
	for (int i = 0; i < 10000; i++)
		weft__rec_end(ring, weft__rec_begin(ring, WEFT_EV_YIELD, 1, NULL, NULL));
	weft__rec_stop(WEFT_EOF_EXIT);
	check_complete(path, 10000);
	done();
}

TEST(what_is_recorded_is_in_the_file_soon)
{
	struct timespec nap = {.tv_nsec = 5000000};
	int64_t before;

	use("a.json");
	CHECK_INT(start(1), 1);
	before = weft__rec_clock();
	add_yields(3);
	while (count(content(path), "\"ev\":\"yield\"") < 3) {
		CHECK(weft__rec_clock() - before < INT64_C(2000000000));
		nanosleep(&nap, NULL);
	}
	CHECK_INT(count(content(path), "\"ev\":\"tick\""), 1);
	weft__rec_stop(WEFT_EOF_EXIT);
	done();
}

TEST_MAIN
