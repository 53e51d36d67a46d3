"""Whether a pod may run in a namespace of the Pod Security level *restricted*: the rules of the
standard, field by field, with those of *baseline* that it includes.

    violations(pod_spec, annotations)     # [] or lines for people
"""

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim",
           "projected", "secret"}
SECCOMP = {"RuntimeDefault", "Localhost"}
APPARMOR = {"RuntimeDefault", "Localhost"}
SELINUX_TYPES = {None, "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
SYSCTLS = {
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
}
ADDABLE = {"NET_BIND_SERVICE"}
LISTS = ("initContainers", "containers", "ephemeralContainers")


def containers(pod):
    return [each for name in LISTS for each in pod.get(name) or ()]


def of_pod(pod):
    yield from (f"{name} is true" for name in ("hostNetwork", "hostPID", "hostIPC") if pod.get(name))
    for volume in pod.get("volumes") or ():
        kinds = volume.keys() - {"name"}
        if not kinds or kinds - VOLUMES:
            yield f"volume {volume.get('name')}: {', '.join(sorted(kinds)) or 'no kind'}"
    yield from of_context(pod.get("securityContext") or {}, "the pod")
    for sysctl in (pod.get("securityContext") or {}).get("sysctls") or ():
        if sysctl["name"] not in SYSCTLS:
            yield f"sysctl {sysctl['name']}"


def of_context(context, where):
    """What may stand in the securityContext of a pod as of a container."""
    if context.get("runAsUser") == 0:
        yield f"{where}: runAsUser is 0"
    if context.get("runAsNonRoot") is False:
        yield f"{where}: runAsNonRoot is false"
    if "seccompProfile" in context and context["seccompProfile"].get("type") not in SECCOMP:
        yield f"{where}: seccompProfile is {context['seccompProfile'].get('type')}"
    if "appArmorProfile" in context and context["appArmorProfile"].get("type") not in APPARMOR:
        yield f"{where}: appArmorProfile is {context['appArmorProfile'].get('type')}"
    selinux = context.get("seLinuxOptions") or {}
    if selinux.get("type") not in SELINUX_TYPES or selinux.get("user") or selinux.get("role"):
        yield f"{where}: seLinuxOptions"
    if (context.get("windowsOptions") or {}).get("hostProcess"):
        yield f"{where}: hostProcess"


def handlers(container):
    """Everything that may name a host to connect to: probes and hooks."""
    for name in ("startupProbe", "readinessProbe", "livenessProbe"):
        yield name, container.get(name) or {}
    for name, hook in (container.get("lifecycle") or {}).items():
        if isinstance(hook, dict):
            yield name, hook


def of_container(container, pod):
    where = container["name"]
    context = container.get("securityContext") or {}
    above = pod.get("securityContext") or {}
    capabilities = context.get("capabilities") or {}
    yield from of_context(context, where)
    if context.get("allowPrivilegeEscalation") is not False:
        yield f"{where}: allowPrivilegeEscalation is not false"
    if context.get("privileged"):
        yield f"{where}: privileged"
    if "ALL" not in (capabilities.get("drop") or ()):
        yield f"{where}: capabilities.drop lacks ALL"
    for name in sorted(set(capabilities.get("add") or ()) - ADDABLE):
        yield f"{where}: capabilities.add has {name}"
    if context.get("runAsNonRoot", above.get("runAsNonRoot")) is not True:
        yield f"{where}: runAsNonRoot is not true"
    if "seccompProfile" not in context and "seccompProfile" not in above:
        yield f"{where}: no seccompProfile"
    if context.get("procMount") not in (None, "Default"):
        yield f"{where}: procMount is {context['procMount']}"
    for port in container.get("ports") or ():
        if port.get("hostPort"):
            yield f"{where}: hostPort {port['hostPort']}"
    for name, handler in handlers(container):
        for action in ("httpGet", "tcpSocket"):
            if (handler.get(action) or {}).get("host"):
                yield f"{where}: {name} names a host"


def of_annotations(annotations):
    """AppArmor as it was asked for before it had fields."""
    for key, value in annotations.items():
        allowed = value == "runtime/default" or value.startswith("localhost/")
        if key.startswith("container.apparmor.security.beta.kubernetes.io/") and not allowed:
            yield f"{key} is {value}"


def violations(pod, annotations=None):
    found = [*of_pod(pod), *of_annotations(annotations or {})]
    for container in containers(pod):
        found += of_container(container, pod)
    return found
