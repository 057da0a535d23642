/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The LM3S6965 evaluation board: its first serial port, its LED and its clock. */
#include "board.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define CLOCKS_OF_UARTS REGISTER(0x400fe104)
#define CLOCKS_OF_PORTS REGISTER(0x400fe108)

#define PORT_A_FUNCTION REGISTER(0x40004420)
#define PORT_A_DIGITAL REGISTER(0x4000451c)
#define LED REGISTER(0x40025004) /* port F, pin 0 alone */
#define PORT_F_DIRECTION REGISTER(0x40025400)
#define PORT_F_DIGITAL REGISTER(0x4002551c)

#define UART_DATA REGISTER(0x4000c000)
#define UART_FLAGS REGISTER(0x4000c018)
#define UART_DIVISOR REGISTER(0x4000c024)
#define UART_FRACTION REGISTER(0x4000c028)
#define UART_LINE REGISTER(0x4000c02c)
#define UART_CONTROL REGISTER(0x4000c030)
#define UART_INTERRUPTS REGISTER(0x4000c038)
#define NOTHING_TO_READ 0x10u
#define NO_ROOM_TO_WRITE 0x20u

#define SYSTICK_CONTROL REGISTER(0xe000e010)
#define SYSTICK_RELOAD REGISTER(0xe000e014)
#define SYSTICK_VALUE REGISTER(0xe000e018)
#define COUNTED_TO_ZERO 0x10000u

#define INTERRUPTS_ENABLED REGISTER(0xe000e100)
#define INTERRUPTS_NOT_PENDING REGISTER(0xe000e280)
#define SYSTEM_CONTROL REGISTER(0xe000ed04)
#define SYSTICK_NOT_PENDING 0x02000000u
#define UART_INTERRUPT 0x20u

#define CLOCK_HZ 12500000u
#define BAUD 115200u
#define TICK_MS 10u

static uint32_t uptime_ms;

void board_init(void) {
  CLOCKS_OF_UARTS |= 1;
  CLOCKS_OF_PORTS |= 0x21;
  PORT_A_FUNCTION |= 3;
  PORT_A_DIGITAL |= 3;
  PORT_F_DIRECTION |= 1;
  PORT_F_DIGITAL |= 1;
  UART_CONTROL = 0;
  UART_DIVISOR = CLOCK_HZ / (16 * BAUD);
  UART_FRACTION = (CLOCK_HZ % (16 * BAUD) * 64 + 8 * BAUD) / (16 * BAUD);
  UART_LINE = 0x70;       /* 8 bits, queues of 16 bytes */
  UART_INTERRUPTS = 0x50; /* on enough bytes, and on fewer bytes when no more arrive */
  UART_CONTROL = 0x301;
  INTERRUPTS_ENABLED = UART_INTERRUPT;
  SYSTICK_RELOAD = CLOCK_HZ / 1000 * TICK_MS - 1;
  SYSTICK_VALUE = 0;
  SYSTICK_CONTROL = 7;
}

static int ticked(void) {
  if ((SYSTICK_CONTROL & COUNTED_TO_ZERO) == 0) return 0;
  uptime_ms += TICK_MS;
  return 1;
}

size_t board_read(char *bytes, size_t size, uint32_t patience_ms) {
  size_t len = 0;
  uint32_t waited = 0;
  while ((UART_FLAGS & NOTHING_TO_READ) != 0) {
    /* Interrupts are masked, so a pending one ends the sleep without running a handler. */
    SYSTEM_CONTROL = SYSTICK_NOT_PENDING;
    INTERRUPTS_NOT_PENDING = UART_INTERRUPT;
    if ((UART_FLAGS & NOTHING_TO_READ) != 0) __asm__ volatile("wfi");
    if (ticked() && patience_ms != FOREVER && (waited += TICK_MS) > patience_ms) return 0;
  }
  ticked();
  while (len < size && (UART_FLAGS & NOTHING_TO_READ) == 0) bytes[len++] = (char)(UART_DATA & 0xff);
  return len;
}

void board_write(const char *bytes, size_t len) {
  for (; len > 0; len--) {
    while ((UART_FLAGS & NO_ROOM_TO_WRITE) != 0) ticked();
    UART_DATA = (unsigned char)*bytes++;
  }
}

void board_led(int on) { LED = on ? 1 : 0; }

uint32_t board_uptime_ms(void) { return uptime_ms; }
