package record

import "time"

// Network is networks/<name>.json.
type Network struct {
	SchemaVersion int               `json:"schemaVersion"`
	ID            string            `json:"id"` // 64 hex
	Name          string            `json:"name"`
	Driver        string            `json:"driver"` // bridge, macvlan …
	Created       time.Time         `json:"created"`
	Bridge        string            `json:"bridge"` // name of the link
	Subnets       []Subnet          `json:"subnets"`
	Internal      bool              `json:"internal,omitempty"`
	IPv6          bool              `json:"ipv6,omitempty"`
	NoIPv4        bool              `json:"noIPv4,omitempty"`
	Routes        []Route           `json:"routes,omitempty"`  // that members get beside the default one
	DNS           []string          `json:"dns,omitempty"`     // servers of names for members that name none
	NoNames       bool              `json:"noNames,omitempty"` // members do not find each other by name
	Options       map[string]string `json:"options,omitempty"`
	Labels        Labels            `json:"labels,omitempty"`
	IPAM          *IPAM             `json:"ipam,omitempty"` // a plugin gives the addresses; nil: Pouch does
}

// IPAM is a plugin of docker's that gives addresses.
type IPAM struct {
	Driver  string            `json:"driver"`
	Options map[string]string `json:"options,omitempty"` // the plugin's, of the pools
	Space   string            `json:"space,omitempty"`   // its address space
	MAC     bool              `json:"mac,omitempty"`     // it wants to know an interface's MAC address
}

// Route is a route of a network's members.
type Route struct {
	Destination string `json:"destination"` // CIDR
	Gateway     string `json:"gateway"`
	Metric      int    `json:"metric,omitempty"`
}

// Subnet of a network.
type Subnet struct {
	Subnet  string `json:"subnet"`          // CIDR
	Gateway string `json:"gateway"`         // empty: it has none
	Range   string `json:"range,omitempty"` // CIDR within Subnet from which addresses are given

	Reserved map[string]string `json:"reserved,omitempty"` // addresses that no member gets, by a name

	Pool string `json:"pool,omitempty"` // the name that the plugin of IPAM has for it
}

// Lease is leases/<network>/<ip> below the run-root: an address in use. It is
// void when its netns is gone.
type Lease struct {
	Driver     string   `json:"driver,omitempty"`     // of the network; empty: bridge
	Container  string   `json:"container,omitempty"`  // id, when a container has it
	IPAM       bool     `json:"ipam,omitempty"`       // a plugin gave it
	CNI        string   `json:"cni,omitempty"`        // CNI_CONTAINERID, when a CNI runtime has it
	CNINetwork string   `json:"cniNetwork,omitempty"` // name of the configuration by which it asked
	Netns      string   `json:"netns"`                // path
	NetnsInode uint64   `json:"netnsInode"`
	Owner      Proc     `json:"owner"` // who took it, until NetnsInode is set
	Names      []string `json:"names,omitempty"`
	Iface      string   `json:"interface"`
	MAC        string   `json:"mac,omitempty"`
	HostLink   string   `json:"hostLink,omitempty"`
	Ports      []Port   `json:"ports,omitempty"`    // published on this address
	Bits       int      `json:"bits,omitempty"`     // length of the prefix, where no record of the network tells it
	Gateway    string   `json:"gateway,omitempty"`  // as above
	Priority   int      `json:"priority,omitempty"` // of its default route: the greatest wins
	Ingress    Rate     `json:"ingress,omitzero"`
	Egress     Rate     `json:"egress,omitzero"`
	Ending     Proc     `json:"ending,omitzero"` // who is giving it back
}

// Rate bounds what passes an interface in one direction; zero is no bound.
type Rate struct {
	Bits  uint64 `json:"bits,omitempty"`  // a second
	Burst uint64 `json:"burst,omitempty"` // bytes that may pass at once; 0: chosen by the rate
}

// Volume is volumes/<name>/volume.json.
type Volume struct {
	SchemaVersion int               `json:"schemaVersion"`
	Name          string            `json:"name"`
	Driver        string            `json:"driver"` // local, csi:unix:///path, or a plugin's name
	Created       time.Time         `json:"created"`
	Options       map[string]string `json:"options,omitempty"` // the driver's; of local type, o, device
	Labels        Labels            `json:"labels,omitempty"`
	Anonymous     bool              `json:"anonymous,omitempty"`
	Populated     bool              `json:"populated,omitempty"` // the image's content was copied, or need not be
	Scope         string            `json:"scope,omitempty"`     // local when empty, or global
	Foreign       *Foreign          `json:"foreign,omitempty"`   // with a driver other than local
	Quota         *VolumeQuota      `json:"quota,omitempty"`     // nil: none; of the driver local
}
