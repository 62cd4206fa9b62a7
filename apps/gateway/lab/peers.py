"""What other gateways need to be told so that they reach the lab's provider."""

LITELLM = """\
# litellm --config this.yaml --port 4000
# gateway_lab --url http://127.0.0.1:4000 --key sk-lab-master --anthropic-model lab-anthropic \\
#   --fallback-model lab-fallback --hasty-model lab-hasty
model_list:
  - model_name: lab
    litellm_params: {{model: openai/lab-1, api_base: "{url}/v1", api_key: sk-lab}}
  - model_name: lab-anthropic
    litellm_params: {{model: anthropic/lab-1, api_base: "{url}", api_key: sk-lab}}
  - model_name: lab-fallback
    litellm_params: {{model: openai/lab-1, api_base: "{url}/a/v1", api_key: sk-lab}}
  - model_name: lab-b
    litellm_params: {{model: openai/lab-1, api_base: "{url}/b/v1", api_key: sk-lab}}
  - model_name: lab-hasty
    litellm_params: {{model: openai/lab-1, api_base: "{url}/hasty/v1", api_key: sk-lab, timeout: 2, stream_timeout: 2}}
litellm_settings:
  num_retries: 2
  fallbacks: [{{"lab-fallback": ["lab-b"]}}]
router_settings:
  disable_cooldowns: true  # or the failures of one case decide the next
general_settings:
  master_key: sk-lab-master
"""

PORTKEY = """\
# npx @portkey-ai/gateway
# Its configuration travels with each request:
gateway_lab --url http://127.0.0.1:8787 --key sk-lab \\
  --header 'x-portkey-config: {{"provider": "openai", "custom_host": "{url}/v1", "retry": {{"attempts": 2}}}}'
"""

CONFIGS = {"litellm": LITELLM, "portkey": PORTKEY}


def config_for(peer: str, provider_url: str) -> str:
    return CONFIGS[peer].format(url=provider_url)
