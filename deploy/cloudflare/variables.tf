variable "zone_id" {
  description = "The zone of the host name: Cloudflare shows it on the zone's overview."
  type        = string
  validation {
    condition     = can(regex("^[0-9a-f]{32}$", var.zone_id))
    error_message = "zone_id: 32 hexadecimal digits, from the zone's overview."
  }
}

variable "host" {
  description = "Where users reach the service, without https://."
  type        = string
  validation {
    condition     = can(regex("^[a-z0-9-]+([.][a-z0-9-]+)+$", var.host))
    error_message = "host: a name like tabs.example.org, without https:// and path."
  }
}

variable "origin" {
  description = "Address or name of the origin: the machine of compose.yaml, or the load balancer before Kubernetes."
  type        = string
}

variable "origin_is_a_name" {
  description = "Whether origin is a name (CNAME) and not an IPv4 address (A)."
  type        = bool
  default     = false
}
