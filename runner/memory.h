// How the process holds its memory.
#ifndef BROKERSIM_RUNNER_MEMORY_H_
#define BROKERSIM_RUNNER_MEMORY_H_

namespace brokersim::runner {

// What a run gave back serves the next one, instead of going to the operating system and coming back page by page: up
// to 256 MiB. For the program's beginning; has an effect where the C library is glibc.
void KeepFreedMemory();

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_MEMORY_H_
