"""What a server declares: the image, compose.yml, the proxy, and run.sh that brings it all there."""
