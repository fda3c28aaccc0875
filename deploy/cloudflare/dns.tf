# Only through Cloudflare: the origin's address is not in the DNS, and nginx lets nobody else in (see tls.tf).
resource "cloudflare_dns_record" "service" {
  zone_id = var.zone_id
  name    = var.host
  type    = var.origin_is_a_name ? "CNAME" : "A"
  content = var.origin
  proxied = true
  ttl     = 1 # automatic: Cloudflare takes no other for what it proxies
  comment = "Genesis Music"
}
