#!/bin/sh
# As in Lambda's base images: the one argument is the handler. Outside Lambda there is no runtime API, and the
# emulator gives one, on port 8080.
if [ $# -ne 1 ]; then
    echo "the one argument is the handler, as in app.handler" >&2
    exit 142
fi
export _HANDLER="$1"
if [ -n "$AWS_LAMBDA_RUNTIME_API" ]; then
    exec /var/runtime/bootstrap
fi
exec /usr/local/bin/aws-lambda-rie /var/runtime/bootstrap
