/* Memory at rest: free heap pages, and pages of programs and libraries.
 *
 * Most of a small daemon's resident memory is the start-up code of a dozen
 * libraries, which nobody runs again. The kernel would drop those pages under
 * pressure; until then they count against MemoryMax and in every list. */
#include "daemon/memory.h"

#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "schema/base.h"

enum { SCATTERED = 4 << 20 }; /* bytes; libraries and stacks take two of them */

/* Only what is never written: a private page that was (a relocation, a
 * breakpoint in a writable segment) would be lost. Segments without PF_W are
 * unchanged pages of their file. */
static int drop_unwritten(struct dl_phdr_info *library, size_t size, void *ctx)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

    (void)size;
    (void)ctx;
    for (size_t i = 0; i < library->dlpi_phnum; i++) {
        const ElfW(Phdr) *h = &library->dlpi_phdr[i];
        uintptr_t from = (library->dlpi_addr + h->p_vaddr) & ~(page - 1);
        uintptr_t to = (library->dlpi_addr + h->p_vaddr + h->p_filesz) & ~(page - 1);
        if (h->p_type == PT_LOAD && !(h->p_flags & PF_W) && h->p_filesz == h->p_memsz && from < to)
            (void)madvise((void *)from, to - from, MADV_DONTNEED);
    }
    return 0;
}

/* A library with relocations in its code has pages of its own there. */
static int has_text_relocations(struct dl_phdr_info *library, size_t size, void *ctx)
{
    (void)size;
    (void)ctx;
    for (size_t i = 0; i < library->dlpi_phnum; i++) {
        const ElfW(Phdr) *h = &library->dlpi_phdr[i];
        if (h->p_type != PT_DYNAMIC)
            continue;
        for (const ElfW(Dyn) *d = (const void *)(library->dlpi_addr + h->p_vaddr);
             d->d_tag != DT_NULL; d++) {
            if (d->d_tag == DT_TEXTREL)
                return 1;
        }
    }
    return 0;
}

void memory_rest(void)
{
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
    if (!dl_iterate_phdr(has_text_relocations, NULL))
        (void)dl_iterate_phdr(drop_unwritten, NULL);
}

#ifdef __GLIBC__
/* Pages that are resident and of no file, as the second and third number of
 * statm say; 0 where they do not. */
static int64_t own_pages(void)
{
    char line[256], *rest = line;
    int64_t resident = 0, of_files = 0;
    FILE *f = fopen("/proc/self/statm", "re");

    if (f && fgets(line, sizeof(line), f)) {
        (void)strsep(&rest, " ");
        const char *second = strsep(&rest, " "), *third = strsep(&rest, " ");
        if (!second || !third || !parse_int64(second, &resident) || !parse_int64(third, &of_files))
            resident = of_files = 0;
    }
    if (f)
        (void)fclose(f);
    return resident - of_files;
}

bool memory_scattered(void)
{
    const size_t used = mallinfo2().uordblks + SCATTERED;

    return own_pages() > (int64_t)(used / (size_t)sysconf(_SC_PAGESIZE));
}
#else
bool memory_scattered(void)
{
    return false;
}
#endif
