/* SPDX-License-Identifier: MIT
 *
 * A stub jumps to where the function's address is kept. Until the function is called for the first
 * time that leads back into the stub, which pushes the function's number and goes on to the first
 * stub of all; that one pushes what the loader knows the module by, and jumps to the loader.
 */
#include "runtime/stub.h"

#include <stdbool.h>
#include <stddef.h>

#define STUB_BYTES 16 /* and so they are aligned: none lies in two pages */

/*
 * In `code` 0 stands for any byte: addresses, numbers, what fills up. Where an instruction begins,
 * `pushed` has a digit: so many words are on the stack behind the return address.
 */
static const struct stub {
	uint8_t code[STUB_BYTES];
	char pushed[STUB_BYTES + 1];
} stubs[] = {
	/* lld: a function's, and the first */
	{{0xff, 0x25, 0, 0, 0, 0, 0x68, 0, 0, 0, 0, 0xe9}, "0.....0....1...."},
	{{0xff, 0x35, 0, 0, 0, 0, 0xff, 0x25}, "1.....2........."},
	/* with landing pads for indirect branches a function has two */
	{{0xf3, 0x0f, 0x1e, 0xfa, 0xff, 0x25}, "0...0..........."},
	{{0xf3, 0x0f, 0x1e, 0xfa, 0x68, 0, 0, 0, 0, 0xe9}, "0...0....1......"},
	/* mold: a function's, and the first, which goes on behind these bytes */
	{{0xf3, 0x0f, 0x1e, 0xfa, 0x41, 0xbb, 0, 0, 0, 0, 0xff, 0x25}, "0...0.....0....."},
	{{0xf3, 0x0f, 0x1e, 0xfa, 0x41, 0x53, 0xff, 0x35, 0, 0, 0, 0, 0xff, 0x25},
		"0...0.1.....2..."},
};

static bool is_stub(const struct stub *stub, const uint8_t *code)
{
	for (int i = 0; i < STUB_BYTES; i++) {
		if (stub->code[i] && stub->code[i] != code[i])
			return false;
	}
	return true;
}

int weft__stub_pushed(uintptr_t pc)
{
	uintptr_t at = pc % STUB_BYTES;

	for (size_t i = 0; i < sizeof(stubs) / sizeof(*stubs); i++) {
		char pushed = stubs[i].pushed[at];

		if (pushed != '.' && is_stub(&stubs[i], (const uint8_t *)(pc - at)))
			return pushed - '0';
	}
	return -1;
}
