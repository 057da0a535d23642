/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * What the application wants of the board: a stream of bytes, and time. */
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>
#include <stdint.h>

#define FOREVER UINT32_MAX

void board_init(void);

/* Takes what has arrived, at least one byte. 0 if nothing arrives for so long. */
size_t board_read(char *bytes, size_t size, uint32_t patience_ms);

void board_write(const char *bytes, size_t len);

void board_led(int on);

uint32_t board_uptime_ms(void);

/* The most bytes that the stack has had so far. */
uint32_t board_stack_used(void);

#endif
