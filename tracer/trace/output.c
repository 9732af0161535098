/* SPDX-License-Identifier: MIT
 *
 * Temporary name, then rename. See output.h.
 */
#include "tracer/trace/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tracer/trace/record.h"

/* "DIR/.weft-PID-N.tmp", opened as a new file. */
static FILE *open_temporary(const char *path, char *name, size_t size)
{
	const char *slash = strrchr(path, '/');
	int folder = slash ? (int)(slash - path + 1) : 0;

	for (int i = 0; i < 100; i++) {
		int fd;
		FILE *f;

		if ((size_t)snprintf(name, size, "%.*s.weft-%ld-%d.tmp", folder, path,
			    (long)getpid(), i) >= size) {
			errno = ENAMETOOLONG;
			return NULL;
		}
		fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd < 0 && errno == EEXIST)
			continue;
		if (fd < 0)
			return NULL;
		f = fdopen(fd, "wb");
		if (!f) {
			int code = errno;

			close(fd);
			unlink(name);
			errno = code;
		}
		return f;
	}
	return NULL;
}

static int check_target(const char *path, struct weft_trace_error *error)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		return weft_refuse(error, -EISDIR, 0, "is a directory");
	if (!S_ISREG(st.st_mode))
		return weft_refuse(error, -EINVAL, 0, "is not a plain file");
	if (access(path, W_OK) < 0)
		return weft_refuse(error, -errno, 0, "%s", strerror(errno));
	return 0;
}

int weft_output_open(struct weft_output *output, const char *path, struct weft_trace_error *error)
{
	int rc;

	output->path = path;
	output->temporary[0] = '\0';
	if (strcmp(path, "-") == 0) {
		output->file = stdout;
		error->text[0] = '\0';
		return 0;
	}
	rc = check_target(path, error);
	if (rc < 0)
		return rc;
	output->file = open_temporary(path, output->temporary, sizeof(output->temporary));
	if (!output->file)
		return weft_refuse(error, -errno, 0, "%s", strerror(errno));
	error->text[0] = '\0';
	return 0;
}

int weft_output_finish(struct weft_output *output, int rc, struct weft_trace_error *error)
{
	bool named = output->temporary[0], said = rc < 0 && error->text[0];

	errno = 0;
	if (rc == 0 && (fflush(output->file) != 0 || ferror(output->file)))
		rc = errno ? -errno : -EIO;
	if (named && fclose(output->file) != 0 && rc == 0)
		rc = -errno;
	if (named && rc == 0 && rename(output->temporary, output->path) < 0)
		rc = -errno;
	if (named && rc < 0)
		unlink(output->temporary);
	if (rc < 0 && !said)
		weft_refuse(error, rc, 0, "%s", rc == -ECANCELED ? "stopped" : strerror(-rc));
	return rc;
}
