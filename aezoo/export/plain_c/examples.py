"""A program that checks the golden vectors, here and on an emulated Cortex-M4."""

from collections.abc import Mapping
from pathlib import Path

from aezoo.export.micro import GOLDEN, Proof, array_of

MAIN = """\
// Runs each part on samples and compares what it makes of them with what it should, byte by byte.
#include <stdio.h>

#include "aezoo.h"
#include "golden.h"

#define CHECK(part, PART)                                                              \\
  do {{                                                                                 \\
    for (int i = 0; i < GOLDEN_COUNT; ++i) {{                                           \\
      static int8_t output[AEZOO_##PART##_OUTPUT_SIZE];                                \\
      int equal = 1;                                                                   \\
      aezoo_##part(part##_inputs[i], output);                                          \\
      for (int j = 0; j < AEZOO_##PART##_OUTPUT_SIZE; ++j)                             \\
        equal &= output[j] == part##_outputs[i][j];                                    \\
      right += equal;                                                                  \\
      ++all;                                                                           \\
    }}                                                                                  \\
  }} while (0)

int main(void) {{
  int right = 0, all = 0;
{checks}  printf("%d of %d golden vectors as in TensorFlow Lite Micro\\n", right, all);
  return right != all;
}}
"""
GOLDEN_HEADER = """\
// Inputs, and what TensorFlow Lite Micro makes of them.
#include <stdint.h>

enum {{ GOLDEN_COUNT = {count} }};

{arrays}"""
MAKEFILE = """\
# make            checks the golden vectors on this machine
# make emulate    checks them on a Cortex-M4 in qemu-system-arm
# make size       what the model takes on a Cortex-M4: text (flash), bss (memory)
# On Debian: apt install gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm
CFLAGS = -std=c99 -Os -Wall -Wextra -ffunction-sections -fdata-sections -I..
ARM = arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb
FILES = main.c golden.h ../aezoo.c ../aezoo.h

check: golden
\t./golden
golden: $(FILES)
\t$(CC) $(CFLAGS) -o $@ main.c ../aezoo.c
emulate: golden.elf
\tqemu-system-arm -M mps2-an386 -nographic -semihosting -kernel golden.elf
golden.elf: $(FILES) cortex_m4.ld
\t$(ARM) $(CFLAGS) --specs=rdimon.specs -T cortex_m4.ld -Wl,--gc-sections -o $@ main.c ../aezoo.c
size: ../aezoo.c ../aezoo.h
\t$(ARM) $(CFLAGS) -c -o aezoo.o ../aezoo.c
\tarm-none-eabi-size aezoo.o
clean:
\trm -f golden golden.elf aezoo.o
.PHONY: check emulate size clean
"""
LINKER_SCRIPT = """\
/* The memory of Arm's MPS2 board with a Cortex-M4 (AN386), which begins at the vectors. */
MEMORY {
  FLASH (rx) : ORIGIN = 0x00000000, LENGTH = 4M
  RAM (rwx) : ORIGIN = 0x20000000, LENGTH = 4M
}
ENTRY(_start)
SECTIONS {
  .text : {
    LONG(ORIGIN(RAM) + LENGTH(RAM))
    LONG(_start | 1)
    . = 64;
    *(.text* .rodata*)
    KEEP(*(.init)) KEEP(*(.fini))
  } > FLASH
  .init_array : { KEEP(*(.preinit_array* .init_array* .fini_array*)) } > FLASH
  .ARM.exidx : { *(.ARM.exidx*) } > FLASH
  .data : { *(.data*) } > RAM
  .bss : {
    __bss_start__ = .;
    *(.bss* COMMON)
    __bss_end__ = .;
    end = .; __end__ = .;
  } > RAM
}
"""


def write_examples(folder: Path, proofs: Mapping[str, Proof]) -> None:
    """Writes `main.c`, `golden.h`, a `Makefile`, and a linker script for an emulated board.

    Args:
        folder: `pathlib.Path` of the folder to make.
        proofs: Mapping of each part to the `aezoo.export.micro.Proof` of its file, whose first
            samples become golden vectors.
    """
    folder.mkdir()
    arrays = []
    for name, proof in proofs.items():
        for end, values in (("inputs", proof.inputs), ("outputs", proof.outputs)):
            rows = values[:GOLDEN].reshape(len(values[:GOLDEN]), -1)
            arrays.append(array_of(f"static const int8_t {name}_{end}", rows))
    count = min(GOLDEN, *(len(proof.inputs) for proof in proofs.values()))
    checks = "".join(f"  CHECK({name}, {name.upper()});\n" for name in proofs)
    files = {
        "main.c": MAIN.format(checks=checks),
        "golden.h": GOLDEN_HEADER.format(count=count, arrays="\n".join(arrays)),
        "Makefile": MAKEFILE,
        "cortex_m4.ld": LINKER_SCRIPT,
    }
    for file, text in files.items():
        (folder / file).write_text(text, encoding="utf-8")
