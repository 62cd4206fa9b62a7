"""The embedded model server: any local Hugging Face folder behind the OpenAI chat protocol, in a process of its own."""
