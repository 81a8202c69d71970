/* Linked into the static program by scripts/package. Names are looked up in /etc/hosts and by DNS,
 * whatever /etc/nsswitch.conf says: a static program that loads the host's modules for names (mdns,
 * resolve, myhostname, systemd) gets those of another glibc, and ends by a signal. */
#include <nss.h>
#include <stddef.h>

__attribute__((constructor)) static void look_up_without_modules(void)
{
    static const char *const files[] = {"passwd", "group", "networks", "protocols", "services"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        __nss_configure_lookup(files[i], "files");
    __nss_configure_lookup("hosts", "files dns");
}
