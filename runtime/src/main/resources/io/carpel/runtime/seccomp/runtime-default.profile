# What a container may call when it asks for the runtime's default filter.
#
# Everything not named here is refused with EPERM, and what is newer than our table of system calls
# with ENOSYS. Left out on purpose: keyrings (not namespaced), io_uring and userfaultfd (a history
# of kernel holes), kernel modules, kexec, swap, clocks, raw I/O, old calls nobody uses, and all
# that makes or enters namespaces or mounts, unless the capability that it needs was given.

allow:
    _llseek _newselect accept accept4 access alarm bind brk cachestat capget capset chdir chmod
    chown chown32 clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep
    clock_nanosleep_time64 close close_range connect copy_file_range creat dup dup2 dup3
    epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2
    execve execveat exit exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate
    fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64
    fdatasync fgetxattr file_getattr file_setattr flistxattr flock fork fremovexattr fsetxattr
    fstat fstat64 fstatat fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futex
    futex_requeue futex_time64 futex_wait futex_waitv futex_wake futimesat get_robust_list
    getcpu getcwd getdents getdents64 getegid getegid32 geteuid geteuid32 getgid getgid32
    getgroups getgroups32 getitimer getpeername getpgid getpgrp getpid getppid getpriority
    getrandom getresgid getresgid32 getresuid getresuid32 getrlimit getrusage getsid getsockname
    getsockopt gettid gettimeofday getuid getuid32 getxattr getxattrat inotify_add_watch
    inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents
    io_pgetevents_time64 io_setup io_submit ioctl ioprio_get ioprio_set ipc kill
    landlock_add_rule landlock_create_ruleset landlock_restrict_self lchown lchown32 lgetxattr
    link linkat listen listxattr listxattrat llistxattr llseek lremovexattr lseek lsetxattr
    lsm_get_self_attr lsm_list_modules lstat lstat64 madvise map_shadow_stack membarrier
    memfd_create memfd_secret mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap
    mmap2 mprotect mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64
    mq_timedsend mq_timedsend_time64 mq_unlink mremap mseal msgctl msgget msgrcv msgsnd msync
    munlock munlockall munmap name_to_handle_at nanosleep newfstatat nice oldfstat oldlstat
    oldolduname oldstat olduname open openat openat2 pause pidfd_open pidfd_send_signal pipe
    pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll ppoll_time64 prctl pread64 preadv
    preadv2 prlimit64 process_mrelease pselect6 pselect6_time64 pwrite64 pwritev pwritev2 read
    readahead readdir readlink readlinkat readv recvfrom recvmmsg recvmmsg_time64 recvmsg
    remap_file_pages removexattr removexattrat rename renameat renameat2 restart_syscall rmdir
    rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend
    rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sched_get_priority_max
    sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler
    sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr
    sched_setparam sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop
    semtimedop_time64 sendfile sendfile64 sendmmsg sendmsg sendto set_robust_list
    set_tid_address setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups
    setgroups32 setitimer setpgid setpriority setregid setregid32 setresgid setresgid32
    setresuid setresuid32 setreuid setreuid32 setrlimit setsid setsockopt setuid setuid32
    setxattr setxattrat sgetmask shmat shmctl shmdt shmget shutdown sigaction sigaltstack signal
    signalfd signalfd4 sigpending sigprocmask sigreturn sigsuspend socketcall socketpair splice
    ssetmask stat stat64 statfs statfs64 statx symlink symlinkat sync sync_file_range syncfs
    sysinfo tee tgkill time timer_create timer_delete timer_getoverrun timer_gettime
    timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime
    timerfd_gettime64 timerfd_settime timerfd_settime64 times tkill truncate truncate64
    ugetrlimit umask uname unlink unlinkat utime utimensat utimensat_time64 utimes vfork
    vmsplice wait4 waitid waitpid write writev

# Reading the clock's state is fine; the kernel asks for CAP_SYS_TIME to change it.
allow:
    adjtimex clock_adjtime clock_adjtime64

# AF_VSOCK (40) would reach the hypervisor past every network policy.
allow if arg0 != 40:
    socket

# PER_LINUX, UNAME26 and ADDR_NO_RANDOMIZE's query; others weaken memory protection.
allow if arg0 == 0x0:
    personality
allow if arg0 == 0x8:
    personality
allow if arg0 == 0x20000:
    personality
allow if arg0 == 0x20008:
    personality
allow if arg0 == 0xffffffff:
    personality

# Since 4.8 seccomp is checked after a tracer has changed the call.
allow:
    ptrace process_vm_readv process_vm_writev

allow on amd64:
    arch_prctl modify_ldt get_thread_area set_thread_area uretprobe
allow on arm64:
    arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls get_tls

# Processes and threads, but no namespaces: CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID
# and NEWNET. The flags of clone3 lie in memory where a filter cannot look: ENOSYS makes C
# libraries use clone.
allow without SYS_ADMIN if arg0 & 0x7e020000 == 0:
    clone
errno 38 without SYS_ADMIN:
    clone3

allow with SYS_ADMIN:
    bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick listmount lookup_dcookie
    lsm_set_self_attr mount mount_setattr move_mount open_tree open_tree_attr perf_event_open
    quotactl quotactl_fd setdomainname sethostname setns statmount syslog umount
    umount2 unshare
allow with BPF:
    bpf
allow with PERFMON:
    perf_event_open
allow with DAC_READ_SEARCH:
    open_by_handle_at
allow with SYSLOG:
    syslog
allow with SYS_BOOT:
    kexec_file_load kexec_load reboot
allow with SYS_CHROOT:
    chroot
allow with SYS_MODULE:
    delete_module finit_module init_module
allow with SYS_NICE:
    get_mempolicy mbind migrate_pages move_pages set_mempolicy set_mempolicy_home_node
allow with SYS_PACCT:
    acct
allow with SYS_PTRACE:
    kcmp pidfd_getfd process_madvise
allow with SYS_RAWIO:
    ioperm iopl
allow with SYS_TIME:
    clock_settime clock_settime64 settimeofday stime
allow with SYS_TTY_CONFIG:
    vhangup
