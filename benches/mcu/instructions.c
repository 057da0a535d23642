/* A plugin for QEMU that counts the instructions executed between two functions.

   -plugin instructions.so,begin=ADDRESS,end=ADDRESS,out=FILE[,profile=N]

   With `profile`, the plugin also writes how often each address was executed in the N-th region,
   counted from 1.

   Debian's QEMU supports plugins but does not include their header, so this file declares version 1
   of the interface. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, void *), void *);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, void (*)(unsigned, void *), enum qemu_plugin_cb_flags,
                                            void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 1;

struct place {
    uint64_t address, count;
    struct place *next;
};

static uint64_t begin, end, total, total_at_begin, region, profiled = UINT64_MAX;
static struct place *places;
static FILE *out;

static void on_instruction(unsigned cpu, void *data) {
    (void)cpu;
    total++;
    if (region == profiled) ((struct place *)data)->count++;
}

static void on_begin(unsigned cpu, void *data) {
    (void)cpu, (void)data;
    total_at_begin = total;
    region++;
}

static void on_end(unsigned cpu, void *data) {
    (void)cpu, (void)data;
    fprintf(out, "region : %" PRIu64 "\n", total - total_at_begin);
    if (region == profiled) profiled = UINT64_MAX;
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *block) {
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        uint64_t address = qemu_plugin_insn_vaddr(instruction);
        if (address == begin) qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_begin, QEMU_PLUGIN_CB_NO_REGS, NULL);
        if (address == end) qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_end, QEMU_PLUGIN_CB_NO_REGS, NULL);
        struct place *place = calloc(1, sizeof *place);
        if (!place) abort();
        *place = (struct place){address, 0, places};
        places = place;
        qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_instruction, QEMU_PLUGIN_CB_NO_REGS, place);
    }
}

static void on_end_of_program(qemu_plugin_id_t id, void *data) {
    (void)id, (void)data;
    /* A block that was translated twice has two entries for each of its addresses. */
    for (struct place *place = places; place; place = place->next)
        if (place->count) fprintf(out, "at %" PRIx64 " %" PRIu64 "\n", place->address, place->count);
    fclose(out);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int count, char **arguments) {
    (void)info;
    for (int i = 0; i < count; i++) {
        /* The address of a Thumb function is odd, but that of its first instruction is even. */
        if (!strncmp(arguments[i], "begin=", 6)) begin = strtoull(arguments[i] + 6, NULL, 16) & ~1ull;
        if (!strncmp(arguments[i], "end=", 4)) end = strtoull(arguments[i] + 4, NULL, 16) & ~1ull;
        if (!strncmp(arguments[i], "profile=", 8)) profiled = strtoull(arguments[i] + 8, NULL, 10);
        if (!strncmp(arguments[i], "out=", 4)) out = fopen(arguments[i] + 4, "w");
    }
    if (!out || !begin || !end) return 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_end_of_program, NULL);
    return 0;
}
