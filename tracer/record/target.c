/* SPDX-License-Identifier: MIT
 *
 * Naming and opening of the trace file. See target.h.
 */
#include "tracer/record/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t count_pids(const char *s)
{
	size_t n = 0;

	for (; (s = strstr(s, "%p")); s += 2)
		n++;
	return n;
}

static char *put_pattern(char *out, const char *pattern, long pid)
{
	while (*pattern) {
		if (pattern[0] == '%' && pattern[1] == 'p') {
			out += sprintf(out, "%ld", pid);
			pattern += 2;
		} else {
			*out++ = *pattern++;
		}
	}
	*out = '\0';
	return out;
}

char *weft__target_name(const char *pattern, long pid, unsigned run)
{
	static const char suffix[] = ".json";
	size_t room = strlen(pattern) + count_pids(pattern) * 24 + 32;
	char *name = malloc(room);
	char *end;

	if (!name)
		return NULL;
	end = put_pattern(name, pattern, pid);
	if (run < 2)
		return name;
	if (end - name > (ptrdiff_t)strlen(suffix) && !strcmp(end - strlen(suffix), suffix)) {
		end -= strlen(suffix);
		sprintf(end, ".%u%s", run, suffix);
	} else {
		sprintf(end, ".%u", run);
	}
	return name;
}

/* The descriptor that a name like /dev/stdout or /dev/fd/5 stands for, else -1. */
static int descriptor_of(const char *path)
{
	static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};

	if (!strcmp(path, "/dev/stdout"))
		return STDOUT_FILENO;
	if (!strcmp(path, "/dev/stderr"))
		return STDERR_FILENO;
	for (size_t i = 0; i < 2; i++) {
		size_t n = strlen(folders[i]);
		char *end;
		long fd;

		if (strncmp(path, folders[i], n) || path[n] < '0' || path[n] > '9')
			continue;
		fd = strtol(path + n, &end, 10);
		if (!*end && fd >= 0 && fd < 1 << 20)
			return (int)fd;
	}
	return -1;
}

bool weft__target_single(const char *path)
{
	struct stat st;

	return descriptor_of(path) >= 0 || (!stat(path, &st) && !S_ISREG(st.st_mode));
}

int weft__target_open(struct weft__target *target, const char *path)
{
	struct stat st;
	int fd = descriptor_of(path);
	int ret = 0;

	target->regular = false;
	if (fd >= 0) {
		target->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		return target->fd < 0 ? -errno : 0;
	}
	/* A FIFO opened for reading too would never say that its reader has gone. */
	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	else
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0) {
		ret = -errno;
	} else if (S_ISREG(st.st_mode)) {
		target->regular = true;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0)
			ret = -errno;
	}
	if (ret) {
		close(fd);
		return ret;
	}
	target->fd = fd;
	return 0;
}

int weft__target_empty(const struct weft__target *target)
{
	return target->regular && ftruncate(target->fd, 0) < 0 ? -errno : 0;
}

void weft__target_leave(struct weft__target *target, const char *path)
{
	struct stat st;

	if (target->fd < 0)
		return;
	/* While it is locked, so that it is ours still. */
	if (target->regular && fstat(target->fd, &st) == 0 && st.st_size == 0)
		unlink(path);
	flock(target->fd, LOCK_UN);
	close(target->fd);
	target->fd = -1;
}
