# call: f('hi') == 'INFO hi\n'
# verdict: pass
# cpu: 5
import logging


def f(text):
    form = '%(levelname)s %(message)s'
    logging.basicConfig(filename='log', level=logging.INFO, format=form, force=True)
    logging.info(text)
    logging.shutdown()
    with open('log') as file:
        return file.read()
