-- One row per documented resource type: its kind of resource.
-- kind: view
select
    resource_type, -- VARCHAR: Resource type, as the service names it.
    level -- VARCHAR: server, volume, turbo or other.
from (
    values
        ('OS::Nova::Server', 'server'),
        ('OS::Cinder::Volume', 'volume'),
        ('OS::Sfs::Turbo', 'turbo'),
        ('OS::Ironic::BareMetalServer', 'other'),
        ('OS::Native::Server', 'other'),
        ('OS::Workspace::DesktopV2', 'other')
) as resource_types (resource_type, level)
