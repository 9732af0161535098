/* SPDX-License-Identifier: MIT
 *
 * Line tables: this program looks itself up (tests/source_test.py compiles it in other ways, too),
 * and copies of its file that are cut, changed or none at all.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/dwarf.h"
#include "runtime/source.h"
#include "tests/test.h"

static volatile int work; /* behind a call, so that it is none in tail position */

/* ---- Itself ---------------------------------------------------------------------------------- */

static struct weft__modules modules;
static struct weft__sources *sources;

static void look_at_oneself(void)
{
	weft__modules_get(&modules);
	sources = weft__sources_open(&modules);
	CHECK(sources);
}

static void look_away(void)
{
	weft__sources_close(sources);
	weft__modules_put(&modules);
}

static __attribute__((noinline)) void check_caller(const char *file, int number)
{
	struct weft__source source = {"unknown", 0};

	CHECK(weft__sources_find(sources, (uintptr_t)__builtin_return_address(0), &source));
	CHECK_STR(source.file, file);
	CHECK_INT(source.line, number);
	work++;
}

#define HERE() check_caller(__FILE__, __LINE__)

static __attribute__((noinline)) void call_twice(void)
{
	HERE();
	work++;
	HERE();
	work++;
}

static inline __attribute__((always_inline)) void inlined(int times)
{
	for (int i = 0; i < times; i++) {
		work++;
		HERE();
	}
}

static __attribute__((noinline, cold)) void seldom(void)
{
	HERE();
	work++;
}

TEST(a_call_is_told_by_file_and_line)
{
	look_at_oneself();
	HERE();
	call_twice();
	if (work >= 0)
		seldom();
	look_away();
}

TEST(an_inlined_call_is_told_by_the_line_in_the_inlined_function)
{
	look_at_oneself();
	inlined(work + 3);
	HERE();
	inlined(2);
	look_away();
}

/* The call behind which its function ends: the next address may be another one's. */
static __attribute__((noinline, noreturn)) void leave(void)
{
	HERE();
	test_child_exit(0);
}

static __attribute__((noinline)) void last_word(void)
{
	leave();
}

TEST(a_call_that_does_not_return_is_told)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		look_at_oneself();
		last_word();
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
}

/* In a second signal while the first has its own lookups under way. */
static struct weft__sources *handlers_sources;
static volatile sig_atomic_t handled;

static void on_signal(int sig)
{
	struct weft__source source;

	(void)sig;
	handlers_sources = weft__sources_open(&modules);
	if (weft__sources_find(handlers_sources, (uintptr_t)call_twice + 8, &source) &&
		source.line > 0 && strcmp(source.file, __FILE__) == 0)
		handled = 1;
	weft__sources_close(handlers_sources);
}

TEST(a_signal_handler_may_look)
{
	look_at_oneself();
	signal(SIGUSR1, on_signal);
	raise(SIGUSR1);
	CHECK_INT(handled, 1);
	HERE();
	look_away();
}

static void *look_often(void *arg)
{
	struct weft__sources *own = weft__sources_open(&modules);
	struct weft__source source = {"", 0};

	(void)arg;
	CHECK(own);
	for (uintptr_t i = 1; i < 200; i++)
		weft__sources_find(own, (uintptr_t)look_often + i, &source);
	CHECK_STR(source.file, __FILE__);
	weft__sources_close(own);
	return NULL;
}

TEST(threads_look_at_once)
{
	pthread_t threads[4];

	look_at_oneself();
	for (int i = 0; i < 4; i++)
		CHECK_INT(pthread_create(&threads[i], NULL, look_often, NULL), 0);
	for (int i = 0; i < 4; i++)
		CHECK_INT(pthread_join(threads[i], NULL), 0);
	look_away();
}

TEST(one_name_is_one_pointer)
{
	struct weft__source a, b;

	look_at_oneself();
	CHECK(weft__sources_find(sources, (uintptr_t)call_twice + 1, &a));
	CHECK(weft__sources_find(sources, (uintptr_t)seldom + 1, &b));
	CHECK(a.file == b.file);
	CHECK(weft__sources_find(sources, (uintptr_t)call_twice + 1, &b)); /* what is remembered */
	CHECK(a.file == b.file && a.line == b.line);
	look_away();
}

/* ---- What is not known ----------------------------------------------------------------------- */

TEST(what_is_no_code_of_ours_is_not_known)
{
	struct weft__source source = {"untouched", -1};

	look_at_oneself();
	CHECK(!weft__sources_find(sources, 0, &source));
	CHECK(!weft__sources_find(sources, 1, &source));
	CHECK(!weft__sources_find(sources, UINTPTR_MAX, &source));
	CHECK(!weft__sources_find(sources, (uintptr_t)&source, &source));
	CHECK(!weft__sources_find(sources, modules.list[0].text_end, &source));
	CHECK(!weft__sources_find(NULL, (uintptr_t)call_twice + 1, &source));
	CHECK_STR(source.file, "untouched");
	look_away();
}

/*
 * This program as of another file, whose bytes may be what they like: as the second module, for the
 * first is looked up in what runs.
 */
struct copy {
	int fd;
	char path[64];
	struct weft__module list[2];
	struct weft__modules modules;
	off_t bytes;
};

static void copy_oneself(struct copy *c)
{
	static char bytes[1 << 16];
	int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	look_at_oneself();
	CHECK(self >= 0);
	*c = (struct copy){.fd = memfd_create("copy", MFD_CLOEXEC)};
	CHECK(c->fd >= 0);
	while ((n = read(self, bytes, sizeof(bytes))) > 0) {
		CHECK_INT(write(c->fd, bytes, (size_t)n), n);
		c->bytes += n;
	}
	close(self);
	snprintf(c->path, sizeof(c->path), "/proc/self/fd/%d", c->fd);
	c->list[1] = modules.list[0];
	c->list[1].path = c->path;
	c->modules = (struct weft__modules){c->list, 2, 2};
}

static void remove_copy(struct copy *c)
{
	close(c->fd);
	look_away();
}

/* True: what is known of it is so. */
static bool knows_itself(struct copy *c)
{
	struct weft__sources *s = weft__sources_open(&c->modules);
	struct weft__source source = {"", 0};
	bool found;

	CHECK(s);
	found = weft__sources_find(s, (uintptr_t)call_twice + 1, &source);
	CHECK(!found || source.line > 0);
	found = found && strcmp(source.file, __FILE__) == 0;
	weft__sources_close(s);
	return found;
}

TEST(a_file_of_another_kind_or_none_is_not_known)
{
	static const char *const paths[] = {
		"/nonexistent/program", "/", "/dev/zero", "/dev/null", "/proc/self/maps", NULL};
	struct copy c;

	copy_oneself(&c);
	CHECK(knows_itself(&c));
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		c.list[1].path = (char *)paths[i];
		CHECK(!knows_itself(&c));
	}
	remove_copy(&c);
}

/* Ends with its table, or in the midst of it. */
TEST(a_file_that_was_cut_is_not_known)
{
	struct weft__elf_part part;
	struct weft__elf elf;
	struct copy c;

	copy_oneself(&c);
	CHECK(weft__elf_open(&elf, &c.modules, &c.list[1]));
	CHECK(weft__elf_find(&elf, ".debug_line", &part));
	weft__elf_close(&elf);
	for (int i = 0; i < 200; i++) {
		CHECK_INT(ftruncate(c.fd, c.bytes - 1 - i * (c.bytes / 200)), 0);
		CHECK(!knows_itself(&c)); /* the headers of sections are at the end */
	}
	remove_copy(&c);
}

/* A file that is cut when it was looked at already. */
TEST(a_file_that_is_cut_meanwhile_is_not_known_any_more)
{
	struct weft__source source;
	struct weft__sources *s;
	struct copy c;

	copy_oneself(&c);
	s = weft__sources_open(&c.modules);
	CHECK(weft__sources_find(s, (uintptr_t)call_twice + 1, &source));
	CHECK_INT(ftruncate(c.fd, 64), 0);
	CHECK(!weft__sources_find(s, (uintptr_t)seldom + 1, &source));
	weft__sources_close(s);
	remove_copy(&c);
}

/* ---- What is wrong --------------------------------------------------------------------------- */

static uint64_t state;

static uint64_t any(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

/* What is to be changed: of the table most, of the names and of the file's own headers some. */
static struct weft__elf_part any_part(const struct weft__elf *elf)
{
	static const char *const names[] = {".debug_line", ".debug_line", ".debug_line",
		".debug_line", ".debug_line_str", ".debug_str"};
	struct weft__elf_part part = {0, 64};
	uint64_t which = any(8);

	if (which == 6)
		return (struct weft__elf_part){elf->sections, elf->count * UINT64_C(64)};
	if (which < 6)
		(void)weft__elf_find(elf, names[which], &part);
	return part;
}

static void change(int fd, struct weft__elf_part part)
{
	static const uint8_t values[] = {0, 1, 4, 9, 0x7f, 0x80, 0xfe, 0xff};
	off_t at = (off_t)(part.offset + any(any(4) ? part.bytes : 64 % part.bytes + 1));

	for (uint64_t n = any(8) + 1; n > 0; n--) {
		uint8_t value = any(2) ? values[any(8)] : (uint8_t)any(256);

		CHECK_INT(pwrite(fd, &value, 1, at), 1);
		at += any(3) ? 1 : (off_t)any(16);
	}
}

static void look_everywhere(struct copy *c)
{
	struct weft__sources *s = weft__sources_open(&c->modules);
	const struct weft__module *m = &c->list[1];
	struct weft__source source;

	CHECK(s);
	for (int i = 0; i < 40; i++) {
		if (!weft__sources_find(s, m->text + any(m->text_end - m->text), &source))
			continue;
		CHECK(source.line > 0);
		CHECK(strlen(source.file) < 512);
	}
	weft__sources_close(s);
}

/* Each round begins with the file as it is, so that one of them can be had again by its number. */
TEST_LIMIT(changed_tables_harm_nobody, 60)
{
	const char *seed = getenv("WEFT_TEST_SEED");
	uint64_t first = seed ? strtoull(seed, NULL, 0) : 1;
	uint64_t rounds = seed ? 1 : (uint64_t)(2000 / test_slowness());
	struct weft__elf elf;
	struct copy c;
	char *whole;

	copy_oneself(&c);
	whole = malloc((size_t)c.bytes);
	CHECK_INT(pread(c.fd, whole, (size_t)c.bytes, 0), c.bytes);
	for (uint64_t round = first; round < first + rounds; round++) {
		state = round * UINT64_C(0x9e3779b97f4a7c15);
		CHECK(weft__elf_open(&elf, &c.modules, &c.list[1]));
		for (uint64_t n = any(4) + 1; n > 0; n--)
			change(c.fd, any_part(&elf));
		weft__elf_close(&elf);
		look_everywhere(&c);
		CHECK_INT(pwrite(c.fd, whole, (size_t)c.bytes, 0), c.bytes);
	}
	CHECK(knows_itself(&c));
	free(whole);
	remove_copy(&c);
}

/* A unit of version 5 whose tables are `tables`. */
static bool name_of(const uint8_t *tables, size_t bytes, uint32_t file, char *ret_name, size_t size)
{
	struct weft__unit unit = {.version = 5, .offset_bytes = 4};
	struct weft__elf elf = {.fd = memfd_create("tables", MFD_CLOEXEC), .bytes = bytes};
	struct weft__names names = {&elf, {{0, bytes}}};
	struct weft__reader r = {tables, tables + bytes, false};
	bool found;

	CHECK_INT(write(elf.fd, tables, bytes), bytes);
	found = weft__unit_file(&unit, r, 0, &names, file, ret_name, size);
	close(elf.fd);
	return found;
}

TEST(a_table_of_files_is_read_to_its_end_only)
{
	/* one field, a name that stands here; two directories; and of files another, udata */
	static const uint8_t good[] = {
		1, 1, 8, 2, 'a', 0, 'b', 0, 2, 1, 8, 2, 0x0f, 2, 'x', 0, 0, 'y', 0, 1};
	/* no fields, but entries without number */
	static const uint8_t empty[] = {0, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, 0xff, 0xff, 0x7f};
	static const uint8_t unknown[] = {1, 1, 0x77, 1, 0};
	char name[8], small[3], smaller[2], none[1];

	CHECK(name_of(good, sizeof(good), 0, name, sizeof(name)));
	CHECK_STR(name, "x");
	CHECK(name_of(good, sizeof(good), 1, name, sizeof(name)));
	CHECK_STR(name, "b/y");
	CHECK(!name_of(good, sizeof(good), 2, name, sizeof(name)));
	for (size_t n = 0; n < sizeof(good); n++)
		CHECK(!name_of(good, n, 1, name, sizeof(name)));
	/* Without its directory if there is no room. */
	CHECK(name_of(good, sizeof(good), 1, small, sizeof(small)));
	CHECK_STR(small, "y");
	CHECK(name_of(good, sizeof(good), 1, smaller, sizeof(smaller)));
	CHECK_STR(smaller, "y");
	CHECK(!name_of(good, sizeof(good), 1, none, sizeof(none)));
	CHECK(!name_of(empty, sizeof(empty), 0, name, sizeof(name)));
	CHECK(!name_of(unknown, sizeof(unknown), 0, name, sizeof(name)));
}

TEST(a_header_that_is_not_understood_is_refused)
{
	/* version 4: length, version, header's length, instruction, operations, statement, line
	 * base, line range, opcode base, tables */
	static const uint8_t good[] = {
		18, 0, 0, 0, 4, 0, 10, 0, 0, 0, 1, 1, 1, 0xfb, 14, 2, 0, 0, 0, 0, 1, 1};
	static const struct {
		size_t at;
		uint8_t value;
	} bad[] = {{4, 1}, {4, 6}, {5, 1}, {6, 13}, {9, 1}, {11, 2}, {14, 0}, {15, 0}, {15, 200}};
	struct weft__reader r = {good, good + sizeof(good), false};
	struct weft__unit unit;
	uint64_t bytes;

	CHECK(weft__unit_read(r, &unit));
	CHECK_INT(unit.bytes, sizeof(good));
	CHECK_INT(unit.tables, 17);
	CHECK_INT(unit.program, 20);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t wrong[sizeof(good)];

		memcpy(wrong, good, sizeof(good));
		wrong[bad[i].at] = bad[i].value;
		r = (struct weft__reader){wrong, wrong + sizeof(wrong), false};
		if (weft__unit_read(r, &unit))
			test_fail(__FILE__, __LINE__, "byte %zu is %d", bad[i].at, bad[i].value);
	}
	for (size_t n = 0; n < 17; n++) {
		r = (struct weft__reader){good, good + n, false};
		CHECK(!weft__unit_read(r, &unit));
	}
	r.p = (const uint8_t *)"\0\0\0\0\0\0\0\0\0\0\0";
	r.end = r.p + 12;
	CHECK(!weft__unit_bytes(r, &bytes));
	r.p = (const uint8_t *)"\xff\xff\xff\xff\xf8\xff\xff\xff\xff\xff\xff\xff";
	r.end = r.p + 12;
	CHECK(!weft__unit_bytes(r, &bytes));
}

/* ---- Another name, until the end of this file ------------------------------------------------ */

#line 1000 "made/of/grammar.y"
static __attribute__((noinline)) void made_of_grammar(void)
{
	HERE();
	work++;
}

TEST(a_call_in_what_was_generated_is_told_by_its_origin)
{
	look_at_oneself();
	made_of_grammar();
	look_away();
}

TEST_MAIN
