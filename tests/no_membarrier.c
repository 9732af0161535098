/* SPDX-License-Identifier: MIT
 *
 * Runs a program, its arguments behind it, on what looks like a kernel without membarrier(2): a
 * filter makes the call fail with ENOSYS. The runtime and the recorder then take their other way to
 * order "store mine, look at theirs".
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {sizeof(program) / sizeof(program[0]), program};

	if (argc < 2)
		return 2;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0) {
		puts("1..0 # SKIP no filters of system calls here");
		return 0;
	}
	if (syscall(SYS_membarrier, 0, 0, 0) != -1 || errno != ENOSYS) {
		puts("1..0 # SKIP system calls are not filtered here");
		return 0;
	}
	execv(argv[1], argv + 1);
	perror(argv[1]);
	return 1;
}
