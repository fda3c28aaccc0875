# TLS on both ways: 1.3 only, as nginx; the origin's certificate is checked, and the origin checks Cloudflare's.
locals {
  settings = {
    ssl                      = "strict"
    min_tls_version          = "1.3"
    tls_1_3                  = "on" # with "zrt" requests could be replayed
    "0rtt"                   = "off"
    always_use_https         = "on"
    automatic_https_rewrites = "off" # our pages have no http:// to rewrite
    http3                    = "on"
    brotli                   = "on"
    websockets               = "on"
    # The application's own scripts only: its policy forbids what Cloudflare would put into pages.
    email_obfuscation = "off"
    rocket_loader     = "off"
  }
}

resource "cloudflare_zone_setting" "setting" {
  for_each   = local.settings
  zone_id    = var.zone_id
  setting_id = each.key
  value      = each.value
}

# As nginx sends it (deploy/nginx/hsts.conf), so that also what Cloudflare answers itself has it.
resource "cloudflare_zone_setting" "hsts" {
  zone_id    = var.zone_id
  setting_id = "security_header"
  value = {
    strict_transport_security = {
      enabled            = true
      max_age            = 63072000
      include_subdomains = true
      nosniff            = true
      preload            = false # a promise for every name below the domain, for good: the owner's to make
    }
  }
}

# Cloudflare shows a certificate to the origin; nginx asks for it with NGINX_CLIENT_CA.
resource "cloudflare_authenticated_origin_pulls_settings" "origin" {
  zone_id = var.zone_id
  enabled = true
}
