/// Devices by name, as the Container Device Interface has it: files of an administrator or a device
/// plugin say what a container needs to use a device, and a request names the device.
///
/// [CdiRegistry] is the door. It reads the directories anew for each request that names a device; a
/// file is parsed again only when it has changed. [SpecReader] knows the format, version 0.3 to 1.1
/// of the specification, and takes nothing it does not know.
///
/// What a specification may ask for is what a request may ask for: variables, device nodes, bind
/// mounts, supplementary groups. Hooks are refused, since they are programs that run with root's
/// rights on the host beside a tree that the container controls; so are the settings of Intel RDT
/// and network devices, which nobody here could honour. A device that needs one of them is an
/// error; other devices of the same file are not affected.
@NullMarked
package io.carpel.runtime.cdi;

import org.jspecify.annotations.NullMarked;
