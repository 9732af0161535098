/* SPDX-License-Identifier: MIT
 *
 * An interpreter of call frame information: for an address, how the caller's stack pointer (the
 * CFA) is computed and where its registers were saved. The format is that of .eh_frame in the Linux
 * Standard Base, and DWARF 4, section 6.4.
 *
 * Everything is read with bounds: tables within the segment that holds them, the stack within the
 * stack. What is not understood ends the walk.
 */
#include "runtime/unwind.h"

#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/elf.h"
#include "runtime/reader.h"
#include "runtime/sanitize.h"
#include "runtime/stub.h"

/* ---- Modules ----------------------------------------------------------------------------------
 */

static int add_module(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct weft__modules *modules = arg;
	struct weft__module m = {.bias = info->dlpi_addr,
		.headers = weft__elf_sum(
			0, info->dlpi_phdr, info->dlpi_phnum * sizeof(*info->dlpi_phdr))};

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		uintptr_t lo = m.bias + ph->p_vaddr, hi = lo + ph->p_memsz;

		if (ph->p_type == PT_LOAD && ph->p_flags & PF_X) {
			m.text = m.text && m.text < lo ? m.text : lo;
			m.text_end = m.text_end > hi ? m.text_end : hi;
			m.sealed = m.sealed || !(ph->p_flags & PF_R);
		} else if (ph->p_type == PT_GNU_EH_FRAME) {
			m.hdr = lo;
		}
	}
	for (int i = 0; i < info->dlpi_phnum && m.hdr; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		uintptr_t lo = m.bias + ph->p_vaddr, hi = lo + ph->p_memsz;

		if (ph->p_type == PT_LOAD && m.hdr >= lo && m.hdr < hi) {
			m.tables = lo;
			m.tables_end = hi;
		}
	}
	if (modules->count == modules->room) {
		int room = modules->room ? 2 * modules->room : 32;
		void *list = realloc(modules->list, (size_t)room * sizeof(m));

		if (!list)
			return 1;
		modules->list = list;
		modules->room = room;
	}
	if (info->dlpi_name && info->dlpi_name[0])
		m.path = strdup(info->dlpi_name);
	modules->list[modules->count++] = m;
	return 0;
}

void weft__modules_get(struct weft__modules *modules)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	*modules = (struct weft__modules){NULL, 0, 0};
	dl_iterate_phdr(add_module, modules);
	/* The program comes first, without a name. */
	if (modules->count > 0 && !modules->list[0].path && n > 0) {
		self[n] = '\0';
		modules->list[0].path = strdup(self);
	}
}

void weft__modules_put(struct weft__modules *modules)
{
	for (int i = 0; i < modules->count; i++)
		free(modules->list[i].path);
	free(modules->list);
	*modules = (struct weft__modules){NULL, 0, 0};
}

const struct weft__module *weft__module_of(const struct weft__modules *modules, uintptr_t pc)
{
	for (int i = 0; i < modules->count; i++) {
		if (pc >= modules->list[i].text && pc < modules->list[i].text_end)
			return &modules->list[i];
	}
	return NULL;
}

/* ---- Registers --------------------------------------------------------------------------------
 */

void weft__regs_of(const ucontext_t *uc, struct weft__regs *regs)
{
#if defined(__x86_64__)
	static const uint8_t greg[16] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
		REG_RBP, REG_RSP, REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14,
		REG_R15};

	for (int i = 0; i < 16; i++)
		regs->r[i] = (uintptr_t)uc->uc_mcontext.gregs[greg[i]];
	regs->pc = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP];
	regs->known = 0xffff;
	regs->behind_call = false;
#elif defined(__aarch64__)
	for (int i = 0; i < 31; i++)
		regs->r[i] = uc->uc_mcontext.regs[i];
	regs->r[31] = uc->uc_mcontext.sp;
	regs->pc = uc->uc_mcontext.pc;
	regs->known = 0xffffffff;
	regs->behind_call = false;
#else
	(void)uc;
	*regs = (struct weft__regs){.pc = 0};
#endif
}

__attribute__((noinline, no_sanitize_address)) WEFT__NO_TSAN bool weft__stack_word(
	const void *lo, const void *hi, uintptr_t address, uintptr_t *ret_word)
{
	if (address < (uintptr_t)lo || (uintptr_t)hi < sizeof(uintptr_t) ||
		address > (uintptr_t)hi - sizeof(uintptr_t) || address % sizeof(uintptr_t) != 0)
		return false;
	*ret_word = *(const volatile uintptr_t *)address;
	return true;
}

/* ---- Reading the tables -----------------------------------------------------------------------
 */

static struct weft__reader reader_at(const struct weft__module *m, uintptr_t address)
{
	if (address < m->tables || address >= m->tables_end)
		return (struct weft__reader){NULL, NULL, true};
	return (struct weft__reader){
		(const uint8_t *)address, (const uint8_t *)m->tables_end, false};
}

/* A pointer in one of the encodings of .eh_frame; `data` is what "datarel" is relative to. */
static uintptr_t get_encoded(struct weft__reader *r, uint8_t encoding, uintptr_t data)
{
	uintptr_t at = (uintptr_t)r->p, value;

	switch (encoding & 0x0f) {
	case 0x00:
	case 0x04:
	case 0x0c:
		value = (uintptr_t)weft__read(r, 8);
		break;
	case 0x01:
		value = (uintptr_t)weft__read_uleb(r);
		break;
	case 0x02:
		value = (uintptr_t)weft__read(r, 2);
		break;
	case 0x03:
		value = (uintptr_t)weft__read(r, 4);
		break;
	case 0x09:
		value = (uintptr_t)weft__read_sleb(r);
		break;
	case 0x0a:
		value = (uintptr_t)(int16_t)weft__read(r, 2);
		break;
	case 0x0b:
		value = (uintptr_t)(int32_t)weft__read(r, 4);
		break;
	default:
		r->over = true;
		return 0;
	}
	switch (encoding & 0x70) {
	case 0x00:
		return value;
	case 0x10:
		return value + at;
	case 0x30:
		return value + data;
	default:
		r->over = true;
		return 0;
	}
}

/* What the tables say of one function. */
struct entry {
	uint64_t code_align;
	int64_t data_align;
	uint64_t ra; /* the register of the return address */
	uint8_t encoding;
	bool signal; /* a signal's frame: it returns to where it was interrupted */
	bool sized;  /* augmentation data has its size in front */
	struct weft__reader common, own; /* instructions */
	uintptr_t begin, end;
};

/* The length in front of an entry; its reader then ends with it. */
static struct weft__reader entry_body(const struct weft__module *m, uintptr_t address)
{
	struct weft__reader r = reader_at(m, address);
	uint64_t length = weft__read(&r, 4);

	if (r.over || length == 0 || length >= 0xfffffff0 || length > (uint64_t)(r.end - r.p))
		r.over = true;
	else
		r.end = r.p + length;
	return r;
}

static bool read_common(const struct weft__module *m, uintptr_t address, struct entry *e)
{
	struct weft__reader r = entry_body(m, address);
	char letters[8] = "";
	uint8_t version, byte;
	size_t n = 0;

	if (weft__read(&r, 4) != 0)
		return false;
	version = (uint8_t)weft__read(&r, 1);
	while ((byte = (uint8_t)weft__read(&r, 1)) != 0 && n < sizeof(letters) - 1)
		letters[n++] = (char)byte;
	if (byte != 0 || (version != 1 && version != 3) || (n > 0 && letters[0] != 'z'))
		return false;
	e->code_align = weft__read_uleb(&r);
	e->data_align = weft__read_sleb(&r);
	e->ra = version == 1 ? weft__read(&r, 1) : weft__read_uleb(&r);
	e->sized = n > 0;
	e->encoding = 0;
	e->signal = false;
	if (e->sized) {
		uint64_t bytes = weft__read_uleb(&r);
		struct weft__reader data = r;

		weft__read_skip(&r, bytes);
		for (size_t i = 1; i < n; i++) {
			if (letters[i] == 'R')
				e->encoding = (uint8_t)weft__read(&data, 1);
			else if (letters[i] == 'L')
				(void)weft__read(&data, 1);
			else if (letters[i] == 'P')
				(void)get_encoded(&data, (uint8_t)weft__read(&data, 1) & 0x0f, 0);
			else if (letters[i] == 'S')
				e->signal = true;
			else if (letters[i] != 'B' && letters[i] != 'G')
				return false;
		}
		if (data.over)
			return false;
	}
	e->common = r;
	return !r.over;
}

static bool read_entry(const struct weft__module *m, uintptr_t address, struct entry *e)
{
	struct weft__reader r = entry_body(m, address);
	uintptr_t at = (uintptr_t)r.p;
	uint64_t back = weft__read(&r, 4);

	if (r.over || back == 0 || !read_common(m, at - back, e))
		return false;
	e->begin = get_encoded(&r, e->encoding, 0);
	e->end = e->begin + get_encoded(&r, e->encoding & 0x0f, 0);
	if (e->sized)
		weft__read_skip(&r, weft__read_uleb(&r));
	e->own = r;
	return !r.over;
}

/* By the sorted table of .eh_frame_hdr: of (function, entry), both relative to its own start. */
static bool find_entry(const struct weft__module *m, uintptr_t pc, struct entry *e)
{
	struct weft__reader r = reader_at(m, m->hdr);
	uint8_t version = (uint8_t)weft__read(&r, 1), frame = (uint8_t)weft__read(&r, 1);
	uint8_t counted = (uint8_t)weft__read(&r, 1), table = (uint8_t)weft__read(&r, 1);
	size_t lo = 0, hi;

	if (version != 1 || table != 0x3b)
		return false;
	(void)get_encoded(&r, frame, m->hdr);
	hi = get_encoded(&r, counted, m->hdr);
	if (r.over || hi == 0 || hi > (size_t)(r.end - r.p) / 8)
		return false;
	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;
		struct weft__reader at = {r.p + 8 * mid, r.end, false};

		if (get_encoded(&at, 0x3b, m->hdr) <= pc)
			lo = mid;
		else
			hi = mid;
	}
	r.p += 8 * lo + 4;
	return read_entry(m, get_encoded(&r, 0x3b, m->hdr), e) && pc >= e->begin && pc < e->end;
}

/* ---- Its instructions -------------------------------------------------------------------------
 */

enum how {
	SAME, /* zero */
	UNDEFINED,
	AT_OFFSET,     /* saved at CFA + n */
	IS_OFFSET,     /* is CFA + n */
	REGISTER,      /* is in register n */
	AT_EXPRESSION, /* saved where the expression says */
	IS_EXPRESSION,
};

struct rule {
	enum how how;
	int64_t n;
	struct weft__reader expression;
};

struct row {
	struct rule cfa; /* REGISTER: `reg` + n; or IS_EXPRESSION */
	uint64_t reg;
	struct rule rules[WEFT__REGS];
};

#define REMEMBERED 4

struct machine {
	const struct entry *e;
	struct row row, initial, kept[REMEMBERED];
	int nkept;
	uintptr_t at; /* the row holds from here */
};

static void set_rule(struct machine *m, uint64_t reg, enum how how, int64_t n)
{
	if (reg < WEFT__REGS)
		m->row.rules[reg] = (struct rule){.how = how, .n = n};
}

static struct weft__reader get_block(struct weft__reader *r)
{
	uint64_t bytes = weft__read_uleb(r);
	struct weft__reader block = *r;

	weft__read_skip(r, bytes);
	block.end = r->p;
	block.over = r->over;
	return block;
}

static void set_expression(struct machine *m, struct weft__reader *r, enum how how)
{
	uint64_t reg = weft__read_uleb(r);
	struct rule rule = {.how = how, .expression = get_block(r)};

	if (reg < WEFT__REGS)
		m->row.rules[reg] = rule;
}

static void restore(struct machine *m, uint64_t reg)
{
	if (reg < WEFT__REGS)
		m->row.rules[reg] = m->initial.rules[reg];
}

static bool extended(struct machine *m, struct weft__reader *r, uint8_t op)
{
	int64_t factor = m->e->data_align;
	uint64_t reg;

	switch (op) {
	case 0x00: /* nop */
		return true;
	case 0x01:
		m->at = get_encoded(r, m->e->encoding, 0);
		return true;
	case 0x02:
	case 0x03:
	case 0x04: /* advance by 1, 2, 4 bytes' worth */
		m->at += weft__read(r, (size_t)1 << (op - 2)) * m->e->code_align;
		return true;
	case 0x05:
		reg = weft__read_uleb(r);
		set_rule(m, reg, AT_OFFSET, (int64_t)weft__read_uleb(r) * factor);
		return true;
	case 0x06:
		restore(m, weft__read_uleb(r));
		return true;
	case 0x07:
		set_rule(m, weft__read_uleb(r), UNDEFINED, 0);
		return true;
	case 0x08:
		set_rule(m, weft__read_uleb(r), SAME, 0);
		return true;
	case 0x09:
		reg = weft__read_uleb(r);
		set_rule(m, reg, REGISTER, (int64_t)weft__read_uleb(r));
		return true;
	case 0x0a:
		if (m->nkept == REMEMBERED)
			return false;
		m->kept[m->nkept++] = m->row;
		return true;
	case 0x0b:
		if (m->nkept == 0)
			return false;
		m->row = m->kept[--m->nkept];
		return true;
	case 0x0c:
		m->row.reg = weft__read_uleb(r);
		m->row.cfa = (struct rule){.how = REGISTER, .n = (int64_t)weft__read_uleb(r)};
		return true;
	case 0x0d:
		m->row.reg = weft__read_uleb(r);
		return true;
	case 0x0e:
		m->row.cfa.n = (int64_t)weft__read_uleb(r);
		return true;
	case 0x0f:
		m->row.cfa = (struct rule){.how = IS_EXPRESSION, .expression = get_block(r)};
		return true;
	case 0x10:
		set_expression(m, r, AT_EXPRESSION);
		return true;
	case 0x11:
		reg = weft__read_uleb(r);
		set_rule(m, reg, AT_OFFSET, weft__read_sleb(r) * factor);
		return true;
	case 0x12:
		m->row.reg = weft__read_uleb(r);
		m->row.cfa = (struct rule){.how = REGISTER, .n = weft__read_sleb(r) * factor};
		return true;
	case 0x13:
		m->row.cfa.n = weft__read_sleb(r) * factor;
		return true;
	case 0x14:
		reg = weft__read_uleb(r);
		set_rule(m, reg, IS_OFFSET, (int64_t)weft__read_uleb(r) * factor);
		return true;
	case 0x15:
		reg = weft__read_uleb(r);
		set_rule(m, reg, IS_OFFSET, weft__read_sleb(r) * factor);
		return true;
	case 0x16:
		set_expression(m, r, IS_EXPRESSION);
		return true;
	case 0x2d: /* aarch64: return addresses are signed from here on; see strip */
		return true;
	case 0x2e: /* bytes of arguments: nothing to us */
		(void)weft__read_uleb(r);
		return true;
	default:
		return false;
	}
}

/* Up to the row that holds at pc. */
static bool execute(struct machine *m, struct weft__reader r, uintptr_t pc)
{
	while (!r.over && r.p < r.end && m->at <= pc) {
		uint8_t op = (uint8_t)weft__read(&r, 1), low = op & 0x3f;

		switch (op >> 6) {
		case 1:
			m->at += low * m->e->code_align;
			break;
		case 2:
			set_rule(
				m, low, AT_OFFSET, (int64_t)weft__read_uleb(&r) * m->e->data_align);
			break;
		case 3:
			restore(m, low);
			break;
		default:
			if (!extended(m, &r, op))
				return false;
		}
	}
	return !r.over;
}

/* ---- One frame --------------------------------------------------------------------------------
 */

struct walk {
	struct weft__regs regs;
	const void *lo, *hi;
};

static bool reg_value(const struct walk *w, uint64_t reg, uintptr_t *ret_value)
{
	if (reg >= WEFT__REGS || !(w->regs.known >> reg & 1))
		return false;
	*ret_value = w->regs.r[reg];
	return true;
}

/*
 * What an expression may start from. On x86-64 that is also the pc, by which the linker's stubs
 * tell if they have pushed something yet.
 */
static bool base_value(const struct walk *w, uint64_t reg, uintptr_t *ret_value)
{
#if defined(__x86_64__)
	if (reg == 16) {
		*ret_value = w->regs.pc;
		return true;
	}
#endif
	return reg_value(w, reg, ret_value);
}

#define STACK_MOST 8

/* Those few operations that compilers and linkers use here. */
static bool evaluate(
	const struct walk *w, struct weft__reader r, const uintptr_t *first, uintptr_t *ret_value)
{
	uintptr_t stack[STACK_MOST], value;
	int n = 0;

	if (first)
		stack[n++] = *first;
	while (!r.over && r.p < r.end) {
		uint8_t op = (uint8_t)weft__read(&r, 1);

		if (op >= 0x70 && op <= 0x8f) { /* breg */
			if (n == STACK_MOST || !base_value(w, op - 0x70u, &value))
				return false;
			stack[n++] = value + (uintptr_t)weft__read_sleb(&r);
		} else if (op >= 0x30 && op <= 0x4f) { /* lit */
			if (n == STACK_MOST)
				return false;
			stack[n++] = op - 0x30u;
		} else if (op >= 0x08 && op <= 0x0b) { /* const1u, const1s, const2u, const2s */
			if (n == STACK_MOST)
				return false;
			value = weft__read(&r, op < 0x0a ? 1 : 2);
			stack[n++] = op == 0x09	  ? (uintptr_t)(int8_t)value
				     : op == 0x0b ? (uintptr_t)(int16_t)value
						  : value;
		} else if (op == 0x06) { /* deref */
			if (n < 1 || !weft__stack_word(w->lo, w->hi, stack[n - 1], &stack[n - 1]))
				return false;
		} else if (op == 0x23) { /* plus_uconst */
			if (n < 1)
				return false;
			stack[n - 1] += weft__read_uleb(&r);
		} else {
			if (n < 2)
				return false;
			value = stack[--n];
			if (op == 0x22)
				stack[n - 1] += value;
			else if (op == 0x1c)
				stack[n - 1] -= value;
			else if (op == 0x1a)
				stack[n - 1] &= value;
			else if (op == 0x24 && value < 64)
				stack[n - 1] <<= value;
			else if (op == 0x2a)
				stack[n - 1] = (intptr_t)stack[n - 1] >= (intptr_t)value;
			else
				return false;
		}
	}
	if (r.over || n < 1)
		return false;
	*ret_value = stack[n - 1];
	return true;
}

/* The caller's value of a register. */
static bool apply(const struct walk *w, const struct rule *rule, uint64_t reg, uintptr_t cfa,
	uintptr_t *ret_value)
{
	uintptr_t address;

	switch (rule->how) {
	case SAME:
		return reg_value(w, reg, ret_value);
	case AT_OFFSET:
		return weft__stack_word(w->lo, w->hi, cfa + (uintptr_t)rule->n, ret_value);
	case IS_OFFSET:
		*ret_value = cfa + (uintptr_t)rule->n;
		return true;
	case REGISTER:
		return reg_value(w, (uint64_t)rule->n, ret_value);
	case AT_EXPRESSION:
		return evaluate(w, rule->expression, &cfa, &address) &&
		       weft__stack_word(w->lo, w->hi, address, ret_value);
	case IS_EXPRESSION:
		return evaluate(w, rule->expression, &cfa, ret_value);
	default:
		return false;
	}
}

/* Without the signature that pointer authentication leaves in the upper bits. */
static uintptr_t strip(uintptr_t pc)
{
#if defined(__aarch64__)
	return pc & ((UINT64_C(1) << 48) - 1);
#else
	return pc;
#endif
}

/* From a frame to its caller's, by what the tables say of `look`'s function. */
static bool step(struct walk *w, const struct entry *e, uintptr_t look)
{
	struct machine m = {.e = e, .at = e->begin};
	struct weft__regs next = {.known = 0};
	uintptr_t cfa, old;

	if (e->ra >= WEFT__REGS || !execute(&m, e->common, UINTPTR_MAX))
		return false;
	m.at = e->begin;
	m.initial = m.row;
	if (!execute(&m, e->own, look))
		return false;
	if (m.row.cfa.how == IS_EXPRESSION) {
		if (!evaluate(w, m.row.cfa.expression, NULL, &cfa))
			return false;
	} else {
		if (!reg_value(w, m.row.reg, &cfa))
			return false;
		cfa += (uintptr_t)m.row.cfa.n;
	}
	for (uint64_t i = 0; i < WEFT__REGS; i++) {
		if (apply(w, &m.row.rules[i], i, cfa, &next.r[i]))
			next.known |= UINT64_C(1) << i;
	}
	if (!(next.known >> e->ra & 1) || !reg_value(w, WEFT__REG_SP, &old) || cfa < old ||
		cfa > (uintptr_t)w->hi)
		return false;
	next.pc = strip(next.r[e->ra]);
	next.r[WEFT__REG_SP] = cfa;
	next.known |= UINT64_C(1) << WEFT__REG_SP;
#if defined(__x86_64__)
	next.known &= ~(UINT64_C(1) << 16); /* no register: told anew by each frame */
#endif
	if (next.pc == 0 || (cfa == old && next.pc == w->regs.pc))
		return false;
	next.behind_call = !e->signal;
	w->regs = next;
	return true;
}

/*
 * Interrupted in code that no table knows: that may be a stub of the linker's, between a call and
 * the function called. On x86-64 the return address lies on the stack, below what the stub has
 * pushed, if anything; on 64-bit ARM it is still where the call has put it.
 */
static bool leave_stub(struct walk *w, const struct weft__module *module)
{
#if defined(__x86_64__)
	int pushed = -1;
	uintptr_t sp;

	if (!w->regs.behind_call && module && !module->sealed)
		pushed = weft__stub_pushed(w->regs.pc);
	if (pushed < 0 || !reg_value(w, WEFT__REG_SP, &sp))
		return false;
	sp += (unsigned)pushed * sizeof(sp);
	if (!weft__stack_word(w->lo, w->hi, sp, &w->regs.pc))
		return false;
	w->regs.r[WEFT__REG_SP] = sp + sizeof(sp);
	w->regs.behind_call = true;
	return true;
#elif defined(__aarch64__)
	(void)module;
	if (w->regs.behind_call || !(w->regs.known >> 30 & 1))
		return false;
	w->regs.pc = strip(w->regs.r[30]);
	w->regs.behind_call = true;
	return true;
#else
	(void)w;
	(void)module;
	return false;
#endif
}

int weft__unwind(const struct weft__modules *modules, const struct weft__regs *regs, const void *lo,
	const void *hi, uintptr_t bottom, uintptr_t *pcs, int most, bool *ret_bottom)
{
	struct walk w = {*regs, lo, hi};
	int n = 0;

	*ret_bottom = false;
	while (WEFT__REGS > 1 && w.regs.pc && n < most) {
		/* Behind a call that does not return may stand another function. */
		uintptr_t look = w.regs.pc - w.regs.behind_call;
		const struct weft__module *module = weft__module_of(modules, look);
		struct entry e;
		bool known = module && module->hdr && find_entry(module, look, &e);

		if (known && e.begin == bottom) {
			*ret_bottom = true;
			break;
		}
		pcs[n++] = look + 1;
		if (known ? !step(&w, &e, look) : !leave_stub(&w, module))
			break;
	}
	return n;
}
