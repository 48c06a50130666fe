// Paths inside a container's root. The image and its volumes are somebody else's, and may change
// while we look: a path is resolved once, by the kernel and below the root, to a descriptor.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

// `flags` such as O_PATH; never leaves `root`, follows no magic links.
int root_open(int root, const char *path, uint64_t flags);
// The same, and no component may be a symbolic link.
int root_open_strict(int root, const char *path, uint64_t flags);
// An O_PATH descriptor of a directory, made with its parents (0755) where absent.
int root_make_directory(int root, const char *path);
// An O_PATH descriptor of a file, made empty where absent; of a link that leads nowhere, its own.
int root_make_file(int root, const char *path);
// The directory that holds `path`, made where absent; *name is set to the last component.
int root_make_parent(int root, const char *path, const char **name);
// Where to mount: a directory or a file, made where absent. Through a link no filesystem of the
// kernel's own can be reached: it lies only at targets that are named as such.
int root_mount_point(int root, const char *path, bool directory);
