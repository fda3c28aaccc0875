# The web application firewall: Cloudflare's rules, the OWASP core rules, leaked passwords; and what nobody sends us.
locals {
  uploads = "(http.request.method in {\"POST\" \"PATCH\"} and (http.request.uri.path eq \"/api/v1/transcribe\" or starts_with(http.request.uri.path, \"/api/v1/uploads\")))"
}

resource "cloudflare_ruleset" "managed" {
  zone_id = var.zone_id
  name    = "Genesis: managed rules"
  kind    = "zone"
  phase   = "http_request_firewall_managed"

  rules = [
    {
      ref         = "recordings"
      description = "A recording is bytes that look like anything: the service looks into it itself"
      expression  = local.uploads
      action      = "skip"
      action_parameters = {
        rulesets = ["4814384a9e5d4991b9815dcfc25d2f1f"]
      }
      logging = { enabled = true }
    },
    {
      ref         = "cloudflare"
      description = "Cloudflare Managed Ruleset"
      expression  = "true"
      action      = "execute"
      action_parameters = {
        id = "efb7b8c949ac4650a09736fc376e9aee"
      }
    },
    {
      ref         = "owasp"
      description = "OWASP Core Ruleset, paranoia level 2"
      expression  = "true"
      action      = "execute"
      action_parameters = {
        id = "4814384a9e5d4991b9815dcfc25d2f1f"
        overrides = {
          categories = [
            { category = "paranoia-level-3", enabled = false },
            { category = "paranoia-level-4", enabled = false },
          ]
          rules = [
            { id = "6179ae15870a4bb7b2d480d4843b323c", action = "block", score_threshold = 40 },
          ]
        }
      }
    },
  ]
}

resource "cloudflare_ruleset" "custom" {
  zone_id = var.zone_id
  name    = "Genesis: own rules"
  kind    = "zone"
  phase   = "http_request_firewall_custom"

  rules = [
    {
      ref         = "methods"
      description = "Methods that no route has"
      expression  = "not http.request.method in {\"GET\" \"HEAD\" \"OPTIONS\" \"POST\" \"PATCH\" \"DELETE\"}"
      action      = "block"
    },
    {
      ref         = "inside"
      description = "What is for the load balancer and the observers"
      expression  = "http.request.uri.path eq \"/health/ready\" or http.request.uri.path eq \"/metrics\""
      action      = "block"
    },
  ]
}

# Floods of layer 7 are challenged or blocked by Cloudflare's own judgement; here only how early.
resource "cloudflare_ruleset" "ddos" {
  zone_id = var.zone_id
  name    = "Genesis: DDoS protection"
  kind    = "zone"
  phase   = "ddos_l7"

  rules = [
    {
      ref         = "http_ddos"
      description = "HTTP DDoS attack protection"
      expression  = "true"
      action      = "execute"
      action_parameters = {
        id = "4d21379b4f9f4bb088e0729962c8b3cf"
        overrides = {
          sensitivity_level = "default"
        }
      }
    },
  ]
}

# Floods before they reach nginx. The service's own limits, which know users, are stricter: nobody who keeps to those
# meets these.
resource "cloudflare_ruleset" "rates" {
  zone_id = var.zone_id
  name    = "Genesis: rates"
  kind    = "zone"
  phase   = "http_ratelimit"

  rules = [
    {
      ref         = "signing_in"
      description = "Guessing passwords"
      expression  = "starts_with(http.request.uri.path, \"/api/v1/auth/\") and http.request.method eq \"POST\""
      action      = "block"
      ratelimit = {
        characteristics     = ["cf.colo.id", "ip.src"]
        period              = 60
        requests_per_period = 300
        mitigation_timeout  = 600
      }
    },
    {
      ref         = "service"
      description = "Everything the service answers"
      expression  = "starts_with(http.request.uri.path, \"/api/\") or starts_with(http.request.uri.path, \"/socket.io/\")"
      action      = "block"
      ratelimit = {
        characteristics     = ["cf.colo.id", "ip.src"]
        period              = 60
        requests_per_period = 3000
        mitigation_timeout  = 60
      }
    },
  ]
}
