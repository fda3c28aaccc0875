terraform {
  required_version = ">= 1.9"
  required_providers {
    cloudflare = {
      source  = "cloudflare/cloudflare"
      version = "~> 5.12"
    }
  }
}

# The token comes from CLOUDFLARE_API_TOKEN: rights on this zone for settings, SSL, WAF, cache and DNS, and no others.
provider "cloudflare" {}
