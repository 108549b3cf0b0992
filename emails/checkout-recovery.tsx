import { brand } from "./_components/brand.ts";
import { Layout } from "./_components/layout.tsx";
import { Button, Greeting, Paragraph, Title } from "./_components/text.tsx";

export interface CheckoutRecoveryProps {
  firstName: string | undefined;
  checkoutUrl: string;
  /** The total as the reader sees it, with the currency: "$120.00". */
  cartValue: string | undefined;
}

export default function CheckoutRecovery({ firstName, checkoutUrl, cartValue }: CheckoutRecoveryProps) {
  return (
    <Layout
      preheader="Everything is where you left it."
      because={`You get this because you started a checkout at ${brand.name}.`}
    >
      <Title>Your checkout is still open</Title>
      <Greeting name={firstName} />
      <Paragraph>
        {cartValue === undefined
          ? "You stopped just before the end."
          : `You stopped just before the end; the total was ${cartValue}.`}{" "}
        Everything is where you left it.
      </Paragraph>
      <Button href={checkoutUrl}>Back to your checkout</Button>
      <Paragraph>Did something go wrong? Write to {brand.helpEmail} and we will sort it out.</Paragraph>
    </Layout>
  );
}

CheckoutRecovery.PreviewProps = {
  firstName: "Ada",
  checkoutUrl: `${brand.appUrl}/checkout/c_1?step=payment&from=email`,
  cartValue: "$120.00",
} satisfies CheckoutRecoveryProps;
